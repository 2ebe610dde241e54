"""tests/README.md has every module and fixture that tests build on, and no other."""

import ast
import re

import pytest

from tests.tree import ROOT

TESTS = ROOT / "tests"
SUPPORT = {
    str(path.relative_to(ROOT))
    for path in TESTS.rglob("*.py")
    if not path.name.startswith("test_") and path.name not in {"__init__.py", "conftest.py"}
}
CONFTESTS = {str(path.relative_to(ROOT)) for path in TESTS.rglob("conftest.py")}
CODE = re.compile(r"`([^`]+)`")


def rows() -> list[tuple[str, list[str]]]:
    """Return the rows of the tables about modules, each with all that it names; no module: the one above."""
    found: list[tuple[str, list[str]]] = []
    text = (TESTS / "README.md").read_text().partition("## What there is to build on")[2]
    for line in text.splitlines():
        if not line.startswith("| ") or line.startswith(("| ---", "| where", "| module")):
            continue
        module, *cells = (cell.strip() for cell in line.strip("|").split(" | "))
        path = module.strip("`") if module else found[-1][0]
        found.append((path, CODE.findall(" ".join(cells))))
    return found


def definitions(path: str) -> dict[str, ast.stmt]:
    """Return what a module defines, by name."""
    found: dict[str, ast.stmt] = {}
    for node in ast.parse((ROOT / path).read_text()).body:
        match node:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                found[node.name] = node
            case ast.Assign(targets=[ast.Name(id=name)]):
                found[name] = node
    return found


def fixtures(path: str) -> set[str]:
    return {
        name
        for name, node in definitions(path).items()
        if any("fixture" in ast.unparse(each) for each in getattr(node, "decorator_list", ()))
    }


def test_every_module_that_is_no_test_stands_in_the_tables_once() -> None:
    named = [path for path, _ in rows() if path not in CONFTESTS]

    assert sorted(named) == sorted(SUPPORT)


@pytest.mark.parametrize("path", sorted(SUPPORT))
def test_what_the_table_names_is_in_its_module(path: str) -> None:
    named = {name for module, names in rows() if module == path for name in names}

    assert named, "it names nothing"
    assert named <= definitions(path).keys()


def test_every_fixture_for_several_files_stands_in_the_tables() -> None:
    named: dict[str, list[str]] = {path: [] for path in CONFTESTS}
    for path, names in rows():
        if path in CONFTESTS:
            named[path] += names

    assert {path: set(names) for path, names in named.items()} == {
        path: fixtures(path) for path in CONFTESTS
    }


def test_nothing_is_imported_from_a_file_of_tests() -> None:
    imports = re.compile(r"^\s*(?:from|import) (tests[\w.]*\.test_\w+)", re.MULTILINE)
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in TESTS.rglob("*.py")
        for name in imports.findall(path.read_text())
    }

    assert not found
