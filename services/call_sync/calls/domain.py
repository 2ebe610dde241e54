"""Calls as people look for them: what became of each in every stage, and what was said in it. Nothing here does I/O."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from services.call_sync.domain import Call, CallId, Direction
from services.kernel.errors import InvalidInput, NotFound
from services.status.domain import DateRange, FastEnum, ItemState, Owner, Reason, Stage

STAGES = (
    Stage.CALL_SYNC,
    Stage.TRANSCRIPTION,
    Stage.ANALYSIS,
    Stage.RECOMMENDATIONS,
    Stage.REPORTING,
)
"""What calls go through, in that order."""


class CallNotFound(NotFound):
    """The call is not known."""


class NothingToLookFor(InvalidInput):
    """A query has no word that has to be in a call, or cannot be read."""


class CursorRefused(Exception):
    """A stage knows nothing of a cursor: what is copied of it has to be copied anew."""


class Speaker(FastEnum):
    """Whose voice it is."""

    OPERATOR = "OPERATOR"
    CLIENT = "CLIENT"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedTurn:
    """One turn of a transcript; times are seconds from the start of the recording."""

    speaker: Speaker
    start_seconds: float
    end_seconds: float
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallText:
    """What was said in a call, in the language that most of it was recognised in."""

    call_id: CallId
    language: str
    turns: Sequence[CopiedTurn] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was found about a call; `score` is None where there is none."""

    call_id: CallId
    call_type: str = ""
    outcome: str = ""
    sentiment: str = ""
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStage:
    """Where a call is in a stage; `available` where a result can be read."""

    stage: Stage
    state: ItemState
    reason: Reason | None
    message: str
    available: bool
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCall:
    """A call with what became of it; `language` is that of its transcript, empty where it has none."""

    call: Call
    stages: Sequence[CallStage]
    findings: Findings
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """Which calls are meant; what is None leaves nothing out.

    `stages` are pairs of a stage and a state, one of which a call has to be in. Of `contact_name` and `contact_digits`
    at most one is set.
    """

    days: DateRange | None = None
    employee: str | None = None
    direction: Direction | None = None
    answered: bool | None = None
    recorded: bool | None = None
    contact_name: str | None = field(default=None, repr=False)
    contact_digits: str | None = field(default=None, repr=False)
    min_duration_seconds: float | None = None
    max_duration_seconds: float | None = None
    stages: Sequence[tuple[Stage, ItemState]] | None = None
    call_type: str | None = None
    outcome: str | None = None
    sentiment: str | None = None
    min_score: float | None = None
    max_score: float | None = None


class Position(NamedTuple):
    """Where a page ended: a call and when it began."""

    started_at: datetime
    call_id: CallId


class TextSpan(NamedTuple):
    """A part of a text, from the first character to the one behind the last."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A turn in which something was said that was looked for, the part around it of a long one."""

    index: int
    turn: CopiedTurn
    highlights: Sequence[TextSpan]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCall:
    """A call in which it was said, where, and how many passages there are besides."""

    listed: ListedCall
    passages: Sequence[Passage]
    more_passages: int


class Facet(NamedTuple):
    """A value that calls have, and how many have it."""

    value: str
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """How many calls there are, by what they can be filtered by, the most frequent first."""

    calls: int
    employees: Sequence[Facet]
    call_types: Sequence[Facet]
    outcomes: Sequence[Facet]
    sentiments: Sequence[Facet]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageChange:
    """A call's item of a stage as it is now; `state` is None where the stage has it no more.

    `output` is the execution that made its readable result, 0 where there is none.
    """

    owner: Owner
    call_id: CallId
    state: ItemState | None = None
    reason: Reason | None = None
    message: str = ""
    output: int = 0
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageChanges:
    """A page of what changed in a stage; without `more`, what it had at `as_of` has been listed."""

    changes: Sequence[StageChange]
    cursor: str
    more: bool
    as_of: datetime


class DueResult(NamedTuple):
    """A result that is to be copied: of which call, and which execution made it."""

    owner: Owner
    call_id: CallId
    output: int
