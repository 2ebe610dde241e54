"""The words that every service uses: stages, states, reasons, counts. Nothing here does I/O."""

import enum
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple, NewType

from services.kernel.errors import InvalidInput

Owner = NewType("Owner", str)
"""Whose run, item or result it is: `client:<id>`, or `user:<id>` of bots and meetings."""
ExecutionNumber = NewType("ExecutionNumber", int)
RunId = NewType("RunId", str)

MAX_RANGE_DAYS = 366

RECOGNISED = frozenset(
    (
        "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha he hi hr ht hu hy "
        "id is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro "
        "ru sa sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo zh"
    ).split()
)
"""The languages that speech is recognised in: those that Whisper knows, as ISO 639-1 has them; a model of English alone knows less."""


def client_owner(client_id: str) -> Owner:
    """Return the owner that a client is."""
    return Owner(f"client:{client_id}")


def user_owner(user_id: str) -> Owner:
    """Return the owner that a user is."""
    return Owner(f"user:{user_id}")


class FastEnum(enum.Enum):
    """The enum of what is asked for in every report: its members hash by identity, four times as fast."""

    __hash__ = object.__hash__


class Stage(FastEnum):
    """A stage of the pipeline; the order is the coordinator's."""

    CALL_SYNC = "CALL_SYNC"
    TRANSCRIPTION = "TRANSCRIPTION"
    ANALYSIS = "ANALYSIS"
    RECOMMENDATIONS = "RECOMMENDATIONS"
    REPORTING = "REPORTING"
    TASKS = "TASKS"


class ItemState(FastEnum):
    """Where one item is inside a stage."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"


class ExecutionState(FastEnum):
    """Where an execution, one stage of one run, is."""

    QUEUED = "QUEUED"
    DISPATCHED = "DISPATCHED"
    RUNNING = "RUNNING"
    STALLED = "STALLED"
    CANCELLING = "CANCELLING"
    SUCCEEDED = "SUCCEEDED"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def ended(self) -> bool:
        """True for the states that never change again."""
        return self in _ENDED_EXECUTIONS


_ENDED_EXECUTIONS = frozenset(
    {
        ExecutionState.SUCCEEDED,
        ExecutionState.PARTIAL,
        ExecutionState.FAILED,
        ExecutionState.CANCELLED,
    }
)


class RunState(FastEnum):
    """Where a run is."""

    ACTIVE = "ACTIVE"
    CANCELLING = "CANCELLING"
    COMPLETED = "COMPLETED"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def ended(self) -> bool:
        """True for the states that never change again."""
        return self not in (RunState.ACTIVE, RunState.CANCELLING)


class BotState(FastEnum):
    """Where a bot is, in the order in which it goes on; the last two are final."""

    INITIALIZED = "INITIALIZED"
    CONNECTING = "CONNECTING"
    CONNECTED = "CONNECTED"
    TRANSCRIBING = "TRANSCRIBING"
    ANALYZING_MEETING = "ANALYZING_MEETING"
    CREATING_TASKS = "CREATING_TASKS"
    DONE = "DONE"
    ERROR = "ERROR"


class RunMode(FastEnum):
    """Which items a run takes."""

    PENDING = "PENDING"
    FAILED = "FAILED"
    ALL = "ALL"


class Reason(FastEnum):
    """Why an item, an execution or a run ended as it did; the proto says what each means."""

    MISSED_CALL = "MISSED_CALL"
    NO_RECORDING = "NO_RECORDING"
    NO_RECORDING_YET = "NO_RECORDING_YET"
    MERGED = "MERGED"
    UNSURE_LANGUAGE = "UNSURE_LANGUAGE"
    TOO_SHORT = "TOO_SHORT"
    NO_SPEECH = "NO_SPEECH"
    BAD_AUDIO = "BAD_AUDIO"
    NOT_AUDIO = "NOT_AUDIO"
    TOO_LARGE = "TOO_LARGE"
    RECORDING_MISSING = "RECORDING_MISSING"
    INVALID_INPUT = "INVALID_INPUT"
    UNREADABLE = "UNREADABLE"
    ACCESS_DENIED = "ACCESS_DENIED"
    REFUSED = "REFUSED"
    TRUNCATED = "TRUNCATED"
    BAD_ANSWER = "BAD_ANSWER"
    COST_LIMIT = "COST_LIMIT"
    UPSTREAM_UNAVAILABLE = "UPSTREAM_UNAVAILABLE"
    TIMEOUT = "TIMEOUT"
    WORKER_DIED = "WORKER_DIED"
    CANCELLED = "CANCELLED"
    EXECUTION_FAILED = "EXECUTION_FAILED"
    INTERNAL = "INTERNAL"
    SOURCE_INVALID = "SOURCE_INVALID"
    SOURCE_UNAVAILABLE = "SOURCE_UNAVAILABLE"
    STAGE_SILENT = "STAGE_SILENT"
    STAGE_UNREACHABLE = "STAGE_UNREACHABLE"
    NO_PROGRESS = "NO_PROGRESS"
    WAIT_LIMIT = "WAIT_LIMIT"
    GATE_NOT_MET = "GATE_NOT_MET"


RETRYABLE = frozenset(
    {
        Reason.UPSTREAM_UNAVAILABLE,
        Reason.TIMEOUT,
        Reason.WORKER_DIED,
        Reason.CANCELLED,
        Reason.EXECUTION_FAILED,
        Reason.INTERNAL,
    }
)
"""Failures that another attempt may mend; a PENDING run takes them up again."""
UNDONE = frozenset({Reason.CANCELLED, Reason.EXECUTION_FAILED})
"""The reasons of items that an execution left open at its end: nobody has tried them in vain, they are yet to be done."""


class WaitReason(FastEnum):
    """Why nothing moves for the moment."""

    QUEUE = "QUEUE"
    RATE_LIMIT = "RATE_LIMIT"
    ACCOUNT_PAUSED = "ACCOUNT_PAUSED"
    SERVICE_DOWN = "SERVICE_DOWN"
    RECORDING = "RECORDING"
    UPSTREAM = "UPSTREAM"


@dataclass(frozen=True, slots=True, kw_only=True)
class DateRange:
    """Days from `start` to `end`, both inclusive, in the time zone of the client."""

    start: date
    end: date

    @property
    def days(self) -> list[date]:
        """Every day of the range, in order."""
        return [self.start + timedelta(n) for n in range((self.end - self.start).days + 1)]


def date_range(
    start_date: str, end_date: str, fields: tuple[str, str] = ("start_date", "end_date")
) -> DateRange:
    """Parse a range; raises InvalidInput naming the field that is wrong, as the caller's request calls it."""
    start_field, end_field = fields
    start, end = _day(start_field, start_date), _day(end_field, end_date)
    if end < start:
        raise InvalidInput(f"{end_field}: {end} lies before {start_field} {start}")
    if (end - start).days >= MAX_RANGE_DAYS:
        raise InvalidInput(f"{end_field}: a range has at most {MAX_RANGE_DAYS} days")
    return DateRange(start=start, end=end)


def _day(field: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{field}: {text!r} is no date, write YYYY-MM-DD") from None


class ItemCounts(NamedTuple):
    """How many items are in each state; a tuple, since one is made for every report."""

    pending: int = 0
    processing: int = 0
    success: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def open(self) -> int:
        """Items that are not done."""
        return self.pending + self.processing

    @property
    def ended(self) -> int:
        """Items that are done, one way or another."""
        return self.success + self.failed + self.skipped


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """What is waited for, and until when where that is known."""

    reason: WaitReason
    until_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """An amount of money; `currency` is an ISO 4217 code."""

    amount: float
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """What a client's runs are made with; the proto says what each field means."""

    time_zone: str
    source: str
    playbook: str
    language: str
    min_success_ratio: float
    weight: int
    left_incoming: str = ""
    left_outgoing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingFault:
    """A setting of a client that can never work: the field, what is wrong, and what there is in its place."""

    field: str
    message: str
    known: tuple[str, ...] = ()


class AuditAction(enum.Enum):
    """What people do that others want to know of; the proto says what each means."""

    START_RUN = "START_RUN"
    RETRY_RUN = "RETRY_RUN"
    CANCEL_RUN = "CANCEL_RUN"
    SET_CLIENT = "SET_CLIENT"
    START_BOT = "START_BOT"
    STOP_BOT = "STOP_BOT"
    EXPIRE_BOT = "EXPIRE_BOT"
    ADVANCE_EPOCH = "ADVANCE_EPOCH"
    CLOSE_RECOMMENDATION = "CLOSE_RECOMMENDATION"
    DISMISS_RECOMMENDATION = "DISMISS_RECOMMENDATION"
    REOPEN_RECOMMENDATION = "REOPEN_RECOMMENDATION"
    HEAR_RECORDING = "HEAR_RECORDING"
    EXPORT_TRANSCRIPT = "EXPORT_TRANSCRIPT"
    EXPORT_REPORT = "EXPORT_REPORT"
    ISSUE_TOKEN = "ISSUE_TOKEN"  # noqa: S105  # a word, no secret
    ADD_ACCOUNT = "ADD_ACCOUNT"
    RESUME_ACCOUNT = "RESUME_ACCOUNT"
    DELETE_ACCOUNT = "DELETE_ACCOUNT"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One thing that somebody did. `owner` is empty where it was done to the system; `number` grows with each."""

    actor: str
    action: AuditAction
    owner: str
    subject: str
    detail: str
    at: datetime
    number: int = 0
