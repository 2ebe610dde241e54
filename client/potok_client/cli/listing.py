"""Lists at any width: a table where it fits, else a few lines for each entry. Nothing is cut, and no word is broken."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

LEAST_PROSE = 24
"""Characters beside the other columns that prose needs to be read in a column."""
_INDENT = "  "


class Listing:
    """Rows under headings. A column without anything in it is left out; `prose` may go over several lines."""

    def __init__(
        self, columns: Sequence[str], numbers: Iterable[str], prose: Iterable[str], *, tight: bool
    ) -> None:
        self._columns = list(columns)
        self._numbers = set(numbers)
        self._prose = set(prose)
        self._tight = tight
        self._rows: list[list[Text]] = []

    def add_row(self, *cells: str | Text) -> None:
        """Add an entry, a cell for each column."""
        row = [cell if isinstance(cell, Text) else Text(cell) for cell in cells]
        if len(row) != len(self._columns):
            raise ValueError(f"{len(row)} cells for {len(self._columns)} columns")
        self._rows.append(row)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the table, or the entries where it does not fit."""
        shown = [
            index
            for index, _ in enumerate(self._columns)
            if not self._rows or any(row[index].plain for row in self._rows)
        ]
        whole, least = self._table(shown, None), self._table(shown, LEAST_PROSE)
        width = options.max_width
        if Measurement.get(console, options.update(width=10_000), whole).maximum <= width:
            yield whole
        elif Measurement.get(console, options.update(width=10_000), least).maximum <= width:
            yield self._table(shown, 0)
        else:
            for row in self._rows:
                yield from self._entry(row, shown, width)

    def _table(self, shown: Sequence[int], prose_width: int | None) -> Table:
        """Return the table; prose has all the room it wants (None), what is left (0), or so many characters."""
        padding = (0, 1, 0, 0) if self._tight else (0, 1)
        made = Table(box=None, pad_edge=False, header_style="dim", padding=padding)
        for index in shown:
            name = self._columns[index]
            prose = name in self._prose and prose_width is not None
            made.add_column(
                name,
                justify="right" if name in self._numbers else "left",
                no_wrap=not prose,
                overflow="fold",
                width=min(prose_width, self._widest(index)) if prose and prose_width else None,
            )
        for row in self._rows:
            made.add_row(*(row[index] for index in shown))
        return made

    def _widest(self, index: int) -> int:
        return max(self._rows[n][index].cell_len for n in range(len(self._rows)))

    def _entry(self, row: Sequence[Text], shown: Sequence[int], width: int) -> Iterator[Text]:
        """Yield an entry: its first cell, below it the others, by name, as many on a line as there is room for."""
        first, *rest = shown
        yield unbroken(row[first])
        line = Text()
        for index in rest:
            if not row[index].plain:
                continue
            name = self._columns[index]
            field = Text.assemble((f"{name}: ", "dim"), row[index]) if name else row[index].copy()
            if line and len(_INDENT) + line.cell_len + 2 + field.cell_len > width:
                yield from lines_of(line, width, _INDENT)
                line = Text()
            line = Text.assemble(line, "  ", field) if line else field
        if line:
            yield from lines_of(line, width, _INDENT)


def unbroken(text: Text) -> Text:
    """Return a text as one line, however long: what is copied from it is whole."""
    made = text.copy()
    made.no_wrap, made.overflow = True, "ignore"
    return made


def lines_of(text: Text, width: int, indent: str = "") -> Iterator[Text]:
    """Yield a text in lines that break between words; a word that is longer than a line has one of its own."""
    room = max(1, width - len(indent))
    for part in text.split("\n", allow_blank=True) or [text]:
        line = Text()
        for word in part.split(" "):
            if line and line.cell_len + 1 + word.cell_len > room:
                yield unbroken(Text.assemble(indent, line))
                line = Text()
            line = Text.assemble(line, " ", word) if line else word
        yield unbroken(Text.assemble(indent, line))
