"""The worked examples of the recipes: what each place of a change gets, applied to a copy of the tree.

An example is a document in `tests/data/recipes`: a heading for each file, and below it what is written there, `New`,
`At the end`, or `Before` or `After` the one line that begins as it says. `NNNN` is the next number in its folder.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.tree import DATA, ROOT

_FILE = re.compile(r"^## (\S+\.\w+)\n(.*?)(?=^## \S+\.\w+$|\Z)", re.MULTILINE | re.DOTALL)
_EDIT = re.compile(
    r"^(?:(New|At the end)|(Before|After) `([^\n]+)`):\n\n(`{3,})\w*\n(.*?)^\4$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A text, and where it goes; without an anchor, at the end of the file."""

    where: str
    anchor: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A file that the change touches."""

    file: str
    edits: tuple[Edit, ...]


def example(name: str) -> list[Place]:
    """Return the places of an example in their order."""
    text = (DATA / "recipes" / f"{name}.md").read_text(encoding="utf-8")
    return [Place(file=file, edits=tuple(_edits(body))) for file, body in _FILE.findall(text)]


def _edits(body: str) -> Iterator[Edit]:
    for alone, beside, anchor, _, text in _EDIT.findall(body):
        yield Edit(where=alone or beside, anchor=anchor, text=text)


def apply(places: Collection[Place], tree: Path) -> None:
    """Write the places into a tree."""
    for place in places:
        file = tree / _numbered(place.file, tree)
        for edit in place.edits:
            if edit.where == "New":
                assert not file.exists(), f"{place.file} is there already"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(edit.text, encoding="utf-8")
            else:
                file.write_text(_edited(file, edit), encoding="utf-8")


def _edited(file: Path, edit: Edit) -> str:
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    if edit.where == "At the end":
        return "".join([*lines, edit.text])
    found = [number for number, line in enumerate(lines) if line.startswith(edit.anchor)]
    assert len(found) == 1, (
        f"{len(found)} lines of {file} begin with {edit.anchor!r}: change the example in tests/data/recipes"
    )
    number = found[0] + (edit.where == "After")
    return "".join([*lines[:number], edit.text, *lines[number:]])


def _numbered(file: str, tree: Path) -> str:
    if "NNNN" not in file:
        return file
    numbers = [int(path.name[:4]) for path in (tree / file).parent.glob("[0-9]*.sql")]
    return file.replace("NNNN", f"{max(numbers, default=0) + 1:04}")


def copy_of_the_tree(to: Path) -> Path:
    """Copy what git knows, or would; what was installed is linked, what mypy knows is copied."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)
    for installed in (".venv", "gateway/node_modules"):
        if (ROOT / installed).exists():
            (to / installed).symlink_to(ROOT / installed)
    for asks in (
        "requirements/bootstrap.txt",
        "requirements/all.txt",
        "gateway/package-lock.json",
    ):
        os.utime(to / asks, (0, 0))  # older than what was installed for them
    if (ROOT / ".mypy_cache").exists():
        shutil.copytree(ROOT / ".mypy_cache", to / ".mypy_cache")
    return to


def run(tree: Path, *command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a command in a copy of the tree, with the packages of the copy."""
    paths = [str(tree / folder) for folder in (".", "gen", "client")]
    return subprocess.run(
        command,
        cwd=tree,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), **environment},
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
