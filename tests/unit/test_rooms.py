"""The shape of the tree: how large a folder may be, and who uses a room's queries."""

import re
from pathlib import Path

import pytest

from tests.tree import ROOT

MOST_MODULES = 15
TOPS = ("services", "client/potok_client", "gateway", "deploy", "benchmarks", "tests")
FOLDERS = sorted(
    {path.parent for top in TOPS for path in (ROOT / top).rglob("*.py")}
    | {ROOT / top for top in TOPS}
)
QUERIES = sorted((ROOT / "services").rglob("queries.sql"))
QUERY = re.compile(r"^-- name: (\w+)\([^)]*\)\S*\n(.*)", re.MULTILINE)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("folder", FOLDERS, ids=named)
def test_a_large_folder_says_why_it_is_one(folder: Path) -> None:
    modules = [
        path for path in folder.glob("*.py") if path.name not in ("__init__.py", "conftest.py")
    ]
    if len(modules) <= MOST_MODULES or any(path.name.startswith("test_") for path in modules):
        return
    readmes = [parent / "README.md" for parent in (folder, *folder.parents) if parent != ROOT]
    nearest = next(readme for readme in readmes if readme.exists())
    assert "one folder" in nearest.read_text(encoding="utf-8"), (
        f"{len(modules)} modules: make rooms, or say in {named(nearest)} why they are one folder"
    )


@pytest.mark.parametrize("queries", QUERIES, ids=named)
def test_each_query_says_what_it_is_for(queries: Path) -> None:
    silent = [
        name for name, line in QUERY.findall(queries.read_text()) if not line.startswith("-- ")
    ]
    assert not silent, "write a sentence below the name of each"


def test_nobody_but_repositories_loads_queries() -> None:
    users = [
        path
        for path in (ROOT / "services").rglob("*.py")
        if "load_queries(__file__)" in path.read_text(encoding="utf-8")
    ]
    assert {path.with_name("queries.sql") for path in users} == set(QUERIES)
    assert [
        named(path)
        for path in users
        if path.name != "repository.py" and path.parent.name != "repository"
    ] == []
