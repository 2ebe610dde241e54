"""What the documents name exists: links, paths, names in files, targets of make, commands."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from potok_client.cli.app import app
from typer.core import TyperGroup

from tests.recipes import example
from tests.tree import ROOT

FOLDERS = sorted(path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] != ".")
DOCUMENTS = sorted(
    str(path.relative_to(ROOT))
    for pattern in ("*.md", *(f"{folder}/**/*.md" for folder in FOLDERS))
    for path in ROOT.glob(pattern)
    if not {"node_modules", "data"} & set(path.parts)  # what is not ours; parts of documents
)
EXAMPLES = {place.file for recipe in ("rpc", "stage") for place in example(recipe)}
"""What would be there if the recipes were followed."""
BUILT = {"gateway/web/gen", "gateway/console/dist"}
"""What is there once `make` has built it."""
SUFFIXES = "md|proto|py|sql|svg|toml|txt|yaml|yml"

FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^()\s]+)\)")
PATH = re.compile(rf"(?:(?:{'|'.join(FOLDERS)}|\.ci)/[\w./*-]*|[\w./*-]+\.(?:{SUFFIXES}))")
NAME = re.compile(r"([\w/.-]+\.(?:py|sql))::([\w.]+)")
MAKE = re.compile(r"^(?:\$ )?make ([a-z][a-z-]*)", re.MULTILINE)
COMMAND = re.compile(r"(?:^|\$ |bin/)potok ((?:client )?[a-z]+)", re.MULTILINE)


def read(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def spans(document: str) -> list[str]:
    return SPAN.findall(FENCE.sub("", read(document)))


def code(document: str) -> list[str]:
    return [*spans(document), *FENCE.findall(read(document))]


def found(document: str, path: str) -> Iterator[Path]:
    """Yield what a path may mean: below the root, beside the document, below services/, or in a service or room."""
    services = ROOT / "services"
    rooms = (*services.glob("*/"), *services.glob("*/*/"))
    for base in (ROOT, (ROOT / document).parent, services, *rooms):
        yield from base.glob(path.rstrip("/"))


def anchors(document: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def defines(file: Path, name: str) -> bool:
    """Say whether a query, or a class, function or constant by its dotted name, is in a file."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".sql":
        return f"-- name: {name}(" in text
    body: list[ast.stmt] = ast.parse(text).body
    for part in name.split("."):
        named = {each: node for node in body for each in names_of(node)}
        if part not in named:
            return False
        body = getattr(named[part], "body", [])
    return True


def names_of(node: ast.stmt) -> list[str]:
    match node:
        case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
            return [node.name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


def commands() -> set[str]:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    names = set(group.commands)
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            names |= {f"{name} {each}" for each in command.commands}
    return names


def test_the_documents_are_found() -> None:
    assert {"README.md", "docs/architecture.md", "services/stage/README.md"} <= set(DOCUMENTS)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    for link in LINK.findall(FENCE.sub("", read(document))):
        if re.match(r"https?://", link):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / document).parent / path if path else ROOT / document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_that_is_named_exists(document: str) -> None:
    missing = [
        span
        for span in spans(document)
        if PATH.fullmatch(span)
        and span not in EXAMPLES | BUILT
        and next(found(document, span), None) is None
    ]
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_name_in_a_file_is_there(document: str) -> None:
    named = [match.groups() for span in spans(document) if (match := NAME.fullmatch(span))]
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not any(defines(file, name) for file in found(document, path))
    ]
    assert not missing


def test_the_walk_names_what_it_passes() -> None:
    walk = [span for span in spans("docs/architecture.md") if NAME.fullmatch(span)]
    assert len(walk) > 50, "the test above would check nothing"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_target_of_make_exists(document: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {target for text in code(document) for target in MAKE.findall(text)}
    assert named <= targets


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_exists(document: str) -> None:
    named = {command for text in code(document) for command in COMMAND.findall(text)}
    assert named <= commands()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_lines_are_wrapped_at_120_columns(document: str) -> None:
    lines = FENCE.sub("", read(document)).splitlines()
    assert [line for line in lines if len(line) > 120 and line.lstrip()[0] != "|"] == []
