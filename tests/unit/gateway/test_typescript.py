"""The tests that are written in TypeScript beside the client of browsers and the console, run by Node."""

import re
from pathlib import Path

import pytest

from tests.typescript import GATEWAY, NODE, bundle, run


@pytest.mark.parametrize("package", ["web", "console"])
def test_what_is_tested_by_node_passes(package: str, tmp_path: Path) -> None:
    tests = [str(each.relative_to(GATEWAY)) for each in GATEWAY.glob(f"{package}/tests/*.test.ts*")]
    assert tests, f"no test in gateway/{package}/tests"
    form = ("--platform=node", "--format=esm", "--sourcemap=inline", "--out-extension:.js=.mjs")
    bundle(*sorted(tests), *form, f"--outdir={tmp_path}")
    said = run(NODE, "--enable-source-maps", "--test", f"{tmp_path}/**/*.mjs")

    assert re.search(r"^\S+ fail 0$", said, re.MULTILINE), said
    assert not re.search(r"^\S+ tests 0$", said, re.MULTILINE), said
