"""The versions that an analysis names are raised when what they stand for changes."""

import ast
import hashlib
import io
import tokenize
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from services.analysis.calls.adapters.model.prompt import PROMPT_VERSION
from services.analysis.calls.adapters.rules.judge import RulesJudge
from services.analysis.calls.metrics import METRICS_VERSION
from services.llm.shapes import AnswerShape
from tests.tree import ROOT

SHAPES = {
    "services.analysis.budget.ports",
    "services.analysis.calls.domain",
    "services.llm.domain",
    "services.llm.ports",
}
"""Modules that say what something is and not what follows from it: they decide no analysis."""
DICTIONARIES = ("pymorphy3", "pymorphy3-dicts-ru", "razdel", "snowballstemmer")
"""The packages that the rules know words and sentences by."""
FOLLOWED = ("services.analysis.", "services.llm.")
CHECK = "services.analysis.calls.evidence"
"""What is left of a judgement, whoever judged."""
LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER}


@pytest.mark.parametrize(
    ("name", "now", "entries", "packages", "written"),
    [
        (
            "METRICS_VERSION",
            str(METRICS_VERSION),
            ("services.analysis.calls.metrics",),
            (),
            ("2", "08a4226d2d64"),
        ),
        (
            "RulesJudge.version",
            RulesJudge.version,
            ("services.analysis.calls.adapters.rules.judge", CHECK),
            DICTIONARIES,
            ("3", "ffecfad20e5c"),
        ),
        (
            "PROMPT_VERSION",
            PROMPT_VERSION,
            ("services.analysis.calls.adapters.model.judge", CHECK),
            (),
            ("2", "20a9c437aadd"),
        ),
    ],
)
def test_what_a_version_stands_for_does_not_change_without_it(
    name: str,
    now: str,
    entries: tuple[str, ...],
    packages: tuple[str, ...],
    written: tuple[str, str],
) -> None:
    modules = set[str]().union(*map(reached, entries))
    files = ["\n".join(statements(path_of(each))) for each in modules]
    words = [text for each in modules for text in descriptions(path_of(each))]
    code = sorted([*files, *words, *(f"{package} {version(package)}" for package in packages)])
    digest = hashlib.sha256("\n".join(code).encode()).hexdigest()[:12]

    assert (now, digest) == written, (
        f"the code behind {name} has changed: raise {name} where the same call may be analysed "
        f"differently now, then write the version and {digest!r} here"
    )


def test_words_and_layout_are_no_change_and_code_is_one(tmp_path: Path) -> None:
    plain, worded, other = (tmp_path / name for name in ("plain.py", "worded.py", "other.py"))
    plain.write_text("def one(a):\n    if a:\n        return 1\n    return 2\n")
    worded.write_text(
        'import re\n\ndef one(a):  # why\n    """Words."""\n\n    if a:\n        return 1\n    return 2\n'
    )
    other.write_text("def one(a):\n    if a:\n        return 1\n        return 2\n")

    assert list(statements(plain)) == list(statements(worded)) != list(statements(other))


def test_the_docstring_of_a_shape_is_told_to_the_model(tmp_path: Path) -> None:
    shaped, other = tmp_path / "shaped.py", tmp_path / "other.py"
    shaped.write_text('class One(AnswerShape):\n    """Words."""\n')
    other.write_text('class One(Other):\n    """Words."""\n')

    assert list(descriptions(shaped)) == ["One: Words."]
    assert list(descriptions(other)) == []


def reached(module: str) -> set[str]:
    """Return a module and all that it imports, and those import, of what decides an analysis."""
    found, waiting = set[str](), [module]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += imported(each)
    return found


def imported(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(path_of(module).read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module not in SHAPES:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            yield from (n for n in names if n.startswith(FOLLOWED) and path_of(n).exists())


def path_of(module: str) -> Path:
    file = ROOT.joinpath(*module.split(".")).with_suffix(".py")
    return file if file.exists() else file.with_suffix("") / "__init__.py"


def descriptions(file: Path) -> Iterator[str]:
    """Yield the docstrings of a file that a model is told: those of the shapes of its answers."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ClassDef) and AnswerShape.__name__ in map(ast.unparse, node.bases):
            yield f"{node.name}: {ast.get_docstring(node)}"


def statements(file: Path) -> Iterator[str]:
    """Yield the statements of a file: without imports, docstrings, comments and line breaks."""
    words: list[tokenize.TokenInfo] = []
    for token in tokenize.generate_tokens(io.StringIO(file.read_text()).readline):
        if token.type in (tokenize.INDENT, tokenize.DEDENT):
            yield tokenize.tok_name[token.type]
        elif token.type == tokenize.NEWLINE:
            documents = all(word.type == tokenize.STRING for word in words)
            if not documents and words[0].string not in ("from", "import"):
                yield "".join(word.string for word in words)
            words = []
        elif token.type not in LAYOUT:
            words.append(token)
