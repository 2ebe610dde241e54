"""What a bot outside is, and what is said of it. Nothing here does I/O."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NewType

from services.kernel.errors import Conflict, InvalidInput, NotFound, UpstreamUnavailable, WrongState
from services.status.domain import BotState, FastEnum, Owner

BotId = NewType("BotId", str)
"""The public id of a bot."""
IntentId = NewType("IntentId", str)
"""The wish that a bot came from, a UUID; the outside is given it to recognise repeats."""
External = NewType("External", str)
"""The id that the service outside has for a bot; only its adapter knows what is in it."""

RANKS = {state: rank for rank, state in enumerate(BotState)}
FOLLOWED = frozenset({BotState.INITIALIZED, BotState.CONNECTING, BotState.CONNECTED})
"""The states that the outside may set, and in which a bot is looked at."""


class BotNotFound(NotFound):
    """There is no such bot."""


class BotRefused(WrongState):
    """The service that runs bots refuses to run one."""

    def __init__(self, message: str) -> None:
        super().__init__(message, reason="BOT_REFUSED")


class NoBotStarted(UpstreamUnavailable):
    """The service that runs bots does not answer as it should, and there is no bot."""

    def __init__(self, message: str) -> None:
        super().__init__(message, reason="BOT_SERVICE_UNAVAILABLE")


class BotStarting(Conflict):
    """The same request is being carried out at the moment."""


class RequestChanged(InvalidInput):
    """A request_id came back with other parameters."""


class ServiceUnavailable(UpstreamUnavailable):
    """The service that runs bots does not answer as it should.

    `retry_after` is the pause it asks for; `doubtful` tells that it may have done what it was asked.
    """

    def __init__(
        self, message: str, *, retry_after: timedelta | None = None, doubtful: bool = False
    ) -> None:
        super().__init__(message, reason="BOT_SERVICE_UNAVAILABLE")
        self.retry_after = retry_after
        self.doubtful = doubtful


class ServiceDenies(ServiceUnavailable):
    """The service does not take our key: only an operator can mend that, and no bot is at fault."""


class StopNotTaken(UpstreamUnavailable):
    """The service does not take the request to leave, and the bot goes on; it is asked again at every look."""

    def __init__(self, message: str) -> None:
        super().__init__(message, reason="STOP_NOT_TAKEN")


class ServiceRefuses(Exception):
    """The service refuses a request; the text is for people."""


class NoSuchBot(Exception):
    """The service does not know the bot."""


class CannotFind(Exception):
    """The service has no way to look for a bot by the wish that it came from."""


class ObservationVerdict(FastEnum):
    """What became of an observation."""

    APPLIED = "APPLIED"
    DUPLICATE = "DUPLICATE"
    STALE = "STALE"
    ILLEGAL = "ILLEGAL"
    IGNORED = "IGNORED"
    """It says nothing that is known here."""


class Source(FastEnum):
    """Where something that was said of a bot came from; the values are public."""

    TRIGGER = "trigger"
    POLL = "poll"
    CALLBACK = "callback"
    WEBHOOK = "webhook"


class Phase(FastEnum):
    """The phase of a wish for a bot."""

    INTENDED = "INTENDED"
    STARTED = "STARTED"
    FAILED = "FAILED"
    DOUBTFUL = "DOUBTFUL"
    """The caller was told that it failed, but a bot may have come of it, which is to be found and stopped."""


class Kind(FastEnum):
    """The kinds of things that the words of a service mean."""

    MOVED = "MOVED"
    """The bot is in `state`."""
    PREPARING = "PREPARING"
    """The bot has left; its recording may come."""
    RECORDED = "RECORDED"
    """The bot has left, and its recording is there to be fetched."""
    UNRECORDED = "UNRECORDED"
    """The bot has ended, and its service says that there will never be a recording."""
    FAILED = "FAILED"
    """The bot has ended for a reason; a recording may have come of it all the same."""
    OURS = "OURS"
    """A state that only Potok sets."""
    NOTHING = "NOTHING"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a raw status means; `message` says to people why something failed.

    `outside` tells of an end that the bot never was in the meeting, as far as its service knows.
    """

    kind: Kind
    state: BotState | None = None
    message: str = ""
    outside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedStatus:
    """A status of a bot, in the words of its service and in ours."""

    raw_status: str
    meaning: Meaning


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A wish for a bot, in the words of whoever wants it."""

    intent_id: IntentId
    owner: Owner
    meet_url: str
    bot_name: str
    language: str

    @property
    def user_id(self) -> str:
        """The user that the owner is."""
        return self.owner.removeprefix("user:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A bot that runs outside; `bot_id` is its public id."""

    external: External
    bot_id: BotId
    reported: ReportedStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """A bot, or a meeting that came without one (its `provider` is empty).

    `state` is what the outside says: up to CONNECTED, or ERROR. `public_state` is what the coordinator said last. A
    `failure` that is held back since `failed_at` is told at `held_until`, unless a recording has been found by then.
    `leave_wanted` is a request to leave that its service has not taken. `sequence` grows with every change that the
    coordinator is told of.
    """

    wish: Wish
    provider: str
    phase: Phase
    bot_id: BotId | None
    external: External
    time_zone: str
    day: date
    state: BotState
    detail: str = ""
    failure: str = ""
    media_ready: bool = False
    state_at: datetime
    joined_at: datetime | None = None
    left_at: datetime | None = None
    failed_at: datetime | None = None
    held_until: datetime | None = None
    leave_wanted: bool = False
    missing_at: datetime | None = None
    answered_at: datetime
    failures: int = 0
    observations: int = 0
    sequence: int = 0
    public_state: BotState | None = None
    lease_id: str = ""
    created_at: datetime

    @property
    def known_state(self) -> BotState:
        """The later of the two states: what the public sees may be ahead of what the outside says."""
        return max(self.state, self.public_state or self.state, key=RANKS.__getitem__)

    @property
    def followed(self) -> bool:
        """Whether the outside may still move it."""
        return self.known_state in FOLLOWED


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Something that was said of a bot, `times` in a row, and what became of it."""

    number: int
    source: Source
    raw_status: str
    state: BotState | None
    message: str
    verdict: ObservationVerdict | None
    first_at: datetime
    last_at: datetime
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenInterval:
    """A time during which somebody spoke, in seconds from the start of the recording."""

    speaker_name: str
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """What a verified webhook says: which delivery it is, and the bot to look at, None where it names none."""

    key: str
    external: External | None
