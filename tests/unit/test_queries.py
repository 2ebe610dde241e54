"""Every query that a repository asks for is in the file beside it."""

import re
from pathlib import Path

import pytest

from tests.tree import ROOT

FILES = sorted((ROOT / "services").glob("**/queries.sql"))
EXAMPLE = "write `-- name: {name}(…)` with a sentence below it and its SQL in {file}"


def asked(folder: Path) -> set[str]:
    return {
        name
        for module in folder.glob("*.py")
        for name in re.findall(r"QUERIES\.([a-z]\w*)", module.read_text(encoding="utf-8"))
    }


@pytest.mark.parametrize("file", FILES, ids=lambda each: str(each.relative_to(ROOT)))
def test_a_query_that_is_asked_for_is_there(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    missing = asked(file.parent) - set(re.findall(r"^-- name: (\w+)\(", text, re.MULTILINE))

    assert not missing, [
        EXAMPLE.format(name=name, file=file.relative_to(ROOT)) for name in sorted(missing)
    ]
