"""The recipes for an RPC and for a stage are followed on a copy of the tree, to a green `make check`.

What they name is what their examples touch, and what is left out is named by `make check`.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.recipes import apply, copy_of_the_tree, example, run
from tests.tree import ROOT

RECIPES = {"rpc": ("protos/README.md", "Add an RPC"), "stage": ("CONTRIBUTING.md", "Add a stage")}
PATH = re.compile(r"`([\w./-]+(?:/|\.(?:md|proto|py|sql)))`")

UNIT = ("test_forgotten.py", "test_queries.py", "test_stages.py", "deploy/local/test_services.py")
FORGOTTEN = (
    {
        "tests/access.py": "CountRuns has no rule",
        "services/coordinator/runs/queries.sql": "write `-- name: count_runs(",
        "services/coordinator/runs/servicer.py": "nobody answers CountRuns",
        "gateway/README.md": "CountRuns has no line of curl",
        "client/README.md": "a table of client/README.md is old: make gen",
        "client/potok_client/cli/options.py": "in StageName of client/potok_client/cli/options.py",
        "deploy/local/services.py": "write a line for it in TABLE of deploy/local/services.py",
        "services/archive/README.md": "write services/archive/README.md",
    },
    {
        "services/status/domain.py": "in Stage of services/status/domain.py",
        "services/coordinator/state/order.py": "services/coordinator/state/order.py",
    },
    {
        "services/coordinator/state/order.py": "write it in ORDER",
        "services/archive/settings.py": "`listen` in services/archive/settings.py",
        "deploy/README.md": "write a row for archive at 127.0.0.1:8056 in deploy/README.md",
        "README.md": "write a row for services/archive/README.md",
    },
)
"""What `make check` says where files were left as they were, or of others; those of a group are left out together."""


def section(document: str, title: str) -> str:
    text = (ROOT / document).read_text(encoding="utf-8")
    _, _, rest = text.partition(f"\n## {title}\n")
    assert rest, f"{document} has no section {title!r}"
    return rest.partition("\n## ")[0]


def named(recipe: str) -> set[str]:
    """Return the paths that the numbered steps of a recipe name."""
    paths: set[str] = set()
    inside = False
    for line in section(*RECIPES[recipe]).splitlines():
        inside = bool(re.match(r"\d+\. ", line)) or (inside and line.startswith("   "))
        if inside:
            paths.update(PATH.findall(line))
    return paths


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_names_what_its_example_touches(recipe: str) -> None:
    touched = {place.file for place in example(recipe)}
    paths = named(recipe)

    for file in touched:
        assert any(
            file == path or (path.endswith("/") and file.startswith(path)) for path in paths
        ), f"{file} is in tests/data/recipes/{recipe}.md, but no step of {RECIPES[recipe]} names it"
    for path in paths:
        assert any(
            file == path or (path.endswith("/") and file.startswith(path)) for file in touched
        ), (
            f"{path} is a step of {RECIPES[recipe]}, but tests/data/recipes/{recipe}.md does not touch it"
        )


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the tree in which both recipes were followed."""
    tree = copy_of_the_tree(tmp_path_factory.mktemp("recipes"))
    for recipe in RECIPES:
        apply(example(recipe), tree)
    made = run(tree, "make", "gen", "fmt")
    assert made.returncode == 0, made.stdout
    return tree


def untouched() -> list[str]:
    """Return what leaves out the unit tests of services that no example touches, which have run in this tree."""
    touched = {
        place.file.split("/")[1] for each in RECIPES for place in example(each) if "/" in place.file
    }
    services = {path.parent.name for path in (ROOT / "services").glob("*/__main__.py")}
    return [f"--ignore=tests/unit/{service}" for service in sorted(services - touched)]


def test_whoever_follows_the_recipes_passes_the_checks(tree: Path) -> None:
    checked = run(tree, "make", "check", PYTEST_ADDOPTS=" ".join(untouched()))

    assert checked.returncode == 0, checked.stdout


def test_the_rpc_of_the_example_works(tree: Path) -> None:
    [written] = [each.file for each in example("rpc") if each.file.startswith("tests/integration/")]
    tested = run(tree, ".venv/bin/python", "-m", "pytest", "-q", written)

    assert tested.returncode == 0, tested.stdout


@pytest.mark.parametrize("forgotten", FORGOTTEN, ids=len)
def test_what_was_forgotten_is_named(tree: Path, forgotten: Mapping[str, str]) -> None:
    followed = {name: (tree / name).read_text(encoding="utf-8") for name in forgotten}
    for name in forgotten:
        leave_out(tree, name)
    tests = [f"tests/unit/{each}" for each in UNIT]
    checked = run(tree, ".venv/bin/python", "-m", "pytest", "-q", *tests)
    for name, text in followed.items():
        (tree / name).write_text(text, encoding="utf-8")

    missing = [said for said in forgotten.values() if said not in checked.stdout]
    assert not missing, checked.stdout


def leave_out(tree: Path, name: str) -> None:
    """Make a file what it was before; settings, without which nothing works, forget where they listen."""
    if name.endswith("settings.py"):
        text = (tree / name).read_text(encoding="utf-8")
        (tree / name).write_text(text.replace("8056", "8055"), encoding="utf-8")
    elif (ROOT / name).exists():
        (tree / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    else:
        (tree / name).unlink()
