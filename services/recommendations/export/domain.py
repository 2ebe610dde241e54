"""What a report is taken out as: tables, whatever they are written to. Nothing here does I/O."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from services.kernel.errors import InvalidInput
from services.recommendations.calls.domain import CallId

MAX_CALLS = 20_000
"""A file holds so many calls at the most: some megabytes, and seconds to write."""


class ReportFormat(enum.Enum):
    """What a report is written as; the value is the ending of the file."""

    CSV = "csv"
    XLSX = "xlsx"


class TooManyCalls(InvalidInput):
    """The range has more calls than a file may hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLine:
    """A call as it stands in a file; `score` is 0..100 and `told_share` 0..1, None where there is none."""

    call_id: CallId
    day: date
    started_at: datetime
    employee: str
    call_type: str
    outcome: str
    sentiment: str
    score: float | None
    told_share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Locale:
    """How a client's people read: their time zone and language, as IANA and ISO 639-1 name them."""

    time_zone: str = "UTC"
    language: str = "en"


class CellKind(enum.Enum):
    """What the cells of a column are: scores are 0..100, shares 0..1, seconds count from the start of a recording."""

    TEXT = "text"
    COUNT = "count"
    SCORE = "score"
    SCORE_CHANGE = "score change"
    SHARE = "share"
    SHARE_CHANGE = "share change"
    DAY = "day"
    TIME = "time"
    MOMENT = "moment"
    SECONDS = "seconds"


Value = str | int | float | date | time | datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a sheet; `width` is in characters."""

    heading: str
    kind: CellKind
    width: int = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A value of a kind of its own, in a column of several."""

    kind: CellKind
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table with a heading in its first row; each row has a cell for each column."""

    title: str
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Value | Figure]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFile:
    """A report that is taken out."""

    content: bytes
    content_type: str
    file_name: str
