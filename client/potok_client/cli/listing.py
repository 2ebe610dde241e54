"""Lists at any width: a table where it fits, else a few lines for each entry. Nothing is cut, and no word is broken."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from potok_client.cli.layout import lines_of, unbroken

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
        whole, least = self._table(shown, prose="whole"), self._table(shown, prose="least")
        width = options.max_width
        if Measurement.get(console, options.update(width=10_000), whole).maximum <= width:
            yield whole
        elif Measurement.get(console, options.update(width=10_000), least).maximum <= width:
            yield self._table(shown, prose="free")
        else:
            for row in self._rows:
                yield from self._entry(row, shown, width)

    def _table(self, shown: Sequence[int], *, prose: Literal["whole", "least", "free"]) -> Table:
        """Return the table; prose is on one line, as narrow as can be read, or as wide as there is room for."""
        padding = (0, 1, 0, 0) if self._tight else (0, 1)
        made = Table(box=None, pad_edge=False, header_style="dim", padding=padding)
        for index in shown:
            name = self._columns[index]
            breaks = name in self._prose and prose != "whole"
            made.add_column(
                name,
                justify="right" if name in self._numbers else "left",
                no_wrap=not breaks,
                overflow="fold",
                width=self._least(index) if breaks and prose == "least" else None,
            )
        for row in self._rows:
            made.add_row(*(row[index] for index in shown))
        return made

    def _least(self, index: int) -> int:
        """Return how narrow a column of prose may be: no word of it is broken."""
        cells = [row[index] for row in self._rows]
        words = max((word.cell_len for cell in cells for word in cell.split()), default=0)
        return min(max(LEAST_PROSE, words), max((cell.cell_len for cell in cells), default=0))

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
