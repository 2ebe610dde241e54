"""What is laid out for the width of a terminal: prose between words, commands so that they can be copied. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.text import Text

_WORD = re.compile(r"""(?:[^\s"']|"[^"]*"|'[^']*')+""")
_INDENT = "  "
_BEHIND = " \\"
"""Ends a line of a command that goes on, as shells read it."""


def unbroken(text: Text) -> Text:
    """Return a text as one line, however long: what is copied from it is whole."""
    made = text.copy()
    made.no_wrap, made.overflow = True, "ignore"
    return made


def lines_of(text: Text, width: int, indent: str = "") -> Iterator[Text]:
    """Yield a text in lines that break between words; a word that is longer than a line has one of its own."""
    room = max(1, width - len(indent))
    for part in text.split("\n", allow_blank=True):
        line: Text | None = None
        for word in part.split(" "):
            if line is not None and line.cell_len + 1 + word.cell_len > room:
                yield unbroken(Text.assemble(indent, line))
                line = None
            line = word if line is None else Text.assemble(line, " ", word)
        yield unbroken(Text.assemble(indent, line or Text()))


def command_lines(command: str, width: int, indent: str = "") -> Iterator[str]:
    """Yield a command in lines that a shell takes as one: each but the last ends in a backslash."""
    room = width - len(indent) - len(_BEHIND)
    lines = [""]
    for word in _WORD.findall(command):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > room:
            lines.append("")
            room = width - 2 * len(indent) - len(_BEHIND)
        lines[-1] += f" {word}" if lines[-1] else word
    for number, line in enumerate(lines):
        last = number == len(lines) - 1
        yield f"{indent}{indent if number else ''}{line}{'' if last else _BEHIND}"


@dataclass(frozen=True, slots=True)
class Prose:
    """Text in lines that break between words, the later ones below where the first begins behind its `mark`."""

    text: Text
    mark: Text = field(default_factory=Text)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines."""
        indent = " " * self.mark.cell_len
        for number, line in enumerate(lines_of(self.text, options.max_width, indent)):
            if number:
                yield line
            else:
                yield unbroken(Text.assemble(self.mark, line[len(indent) :]))


@dataclass(frozen=True, slots=True)
class Indented:
    """Anything, a little to the right."""

    body: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines behind blanks; none is cut off."""
        inside = options.update(width=max(1, options.max_width - len(_INDENT)))
        for line in Segment.split_lines(console.render(self.body, inside)):
            yield Segment(_INDENT)
            yield from line
            yield Segment.line()


@dataclass(frozen=True, slots=True)
class Hint:
    """A command and what it does."""

    command: str
    what: str
    style: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield both on a line where they fit, else what it does below the command."""
        whole = f"{_INDENT}{self.command}   {self.what}".rstrip()
        if len(whole) <= options.max_width:
            yield unbroken(Text(whole, self.style))
            return
        for line in command_lines(self.command, options.max_width, _INDENT):
            yield unbroken(Text(line, self.style))
        if self.what:
            yield from lines_of(Text(self.what, self.style), options.max_width, 3 * _INDENT)


@dataclass(frozen=True, slots=True)
class Advised:
    """A sentence, and the command that goes on from there."""

    sentence: str
    command: str
    what: str = ""
    style: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield all on a line where it fits, else the command below the sentence."""
        whole = f"{self.sentence}: {self.command} {self.what}".rstrip()
        if len(whole) <= options.max_width:
            yield unbroken(Text(whole, self.style))
            return
        yield from lines_of(Text(f"{self.sentence}:", self.style), options.max_width)
        yield Hint(self.command, self.what, self.style)


def hint(line: str, style: str = "") -> Hint:
    """Return what a line says: a command, three blanks, and what it does."""
    command, _, what = line.partition("   ")
    return Hint(command, what.strip(), style)
