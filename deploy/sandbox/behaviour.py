"""How the sandbox behaves: every switch, from the start or while it runs."""

import enum
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Self

from pydantic import ConfigDict, PositiveInt, TypeAdapter

from deploy.sandbox.world import Quirk


class Shape(enum.StrEnum):
    """The kinds of service that runs bots, of which one is played."""

    PLAIN = "plain"
    ATTENDEE = "attendee"


class BotEnd(enum.StrEnum):
    """The ways in which a bot ends."""

    RECORDED = "recorded"
    UNRECORDED = "unrecorded"
    """The meeting ends, and there is no recording."""
    NEVER_LET_IN = "never_let_in"
    """Nobody lets it in, and it waits for ever."""
    REJECTED = "rejected"
    FATAL = "fatal"
    """It breaks in the middle of the meeting."""


class Callbacks(enum.StrEnum):
    """What becomes of the callbacks by which Potok is told."""

    SENT = "sent"
    LOST = "lost"
    DOUBLED = "doubled"
    LATE = "late"
    """Each comes again after the next one."""


class NextPage(enum.StrEnum):
    """How a page names the next one."""

    WHOLE = "whole"
    BARE = "bare"
    """By its parameters alone."""
    ELSEWHERE = "elsewhere"
    """By another scheme and host, as behind a proxy."""
    ITSELF = "itself"
    """By its own address, as its next."""


class MediaKind(enum.StrEnum):
    """The kinds of media that a plain service hands over."""

    TEXT = "text"
    AUDIO = "audio"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """The switches; as they are here, everything works as the documentation of AmoCRM says.

    Sections are those of the facts on AmoCRM.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    requests_per_second: int = 7
    """More API requests within a second are answered 429 (3.1)."""
    retry_after: int | None = None
    """Seconds that a 429 names; the real one was never seen to name any (3.2)."""
    blocked_after: int | None = None
    """The number of answers 429 after which every API request is answered 403 by a page of nginx (3.1)."""
    blocked: bool = False
    """Every API request is answered by that 403."""
    unpaid: bool = False
    """Every API request is answered 402 (3.2)."""
    forbidden: frozenset[str] = frozenset()
    """Paths below /api/v4/ that are answered 403 in JSON, as `users` or `customers/notes` (3.2)."""
    next_statuses: tuple[int, ...] = ()
    """What the next API requests are answered, one after another (3.2)."""
    timeout_above: int | None = None
    """A larger `limit`, or more ids in one filter, is answered 504 (3.1)."""
    hold: str = ""
    """Requests below this path wait until it is changed, at most a minute."""

    access_token_seconds: int = 86400
    """How long an access token holds (1.3)."""
    access_token_requests: int | None = None
    """How many API requests an access token is good for, whatever its time."""
    punish_reuse: bool = True
    """A refresh token used twice ends the newer pair, too (1.3)."""
    lost_answers: int = 0
    """The number of the next refreshes that are done, but whose connection ends before the answer (1.3)."""
    moved_to: str = ""
    """`host:port` by which alone the account can be reached, as after a change of its name (1.4)."""

    quirks: Mapping[Quirk, PositiveInt] = field(default_factory=dict)
    """Which notes are odd besides those of the world: for each quirk n, every n-th note (2.2)."""
    withheld_notes: frozenset[int] = frozenset()
    """Notes that are not there yet, nor their events (2.4)."""
    withheld_links: frozenset[int] = frozenset()
    """Notes whose link is not there yet (2.5)."""
    shift: int = 0
    """The entries by which a page is shifted against the one before: above 0 some come twice, below some never (2.5)."""
    empty_pages: int = 0
    """The number of the next pages that were promised and are answered 204 (2.5)."""
    next_page: NextPage = NextPage.WHOLE
    """How a page names the next one."""
    lists_as_objects: bool = False
    """Lists come as objects with the keys "0", "1", as PHP writes those with gaps."""
    comma_range_only: bool = False
    """Events know the range of creation as `from,to` alone, and ignore the other form (2.4)."""

    link_series: int = 0
    """Links of an older series have expired: 403 (4)."""
    slow_seconds: float = 2.0
    """How long a slow recording takes (4)."""

    bots_shape: Shape = Shape.PLAIN
    """The service that runs bots is a plain one, or Attendee."""
    bots_speed: float = 1.0
    """The factor by which its bots live faster."""
    bots_end: BotEnd = BotEnd.RECORDED
    """How bots that are started from now on will end."""
    bots_callbacks: Callbacks = Callbacks.SENT
    """What becomes of its callbacks about those."""
    bots_media: MediaKind = MediaKind.TEXT
    """What a plain service hands over of those."""
    bots_down: bool = False
    """It answers 503 to everything."""
    bots_next_statuses: tuple[int, ...] = ()
    """What its next requests are answered, one after another."""
    bots_refuse: str = ""
    """Every start is refused with this text."""
    bots_start_seconds: float = 0.0
    """How long a start takes."""
    bots_lost_starts: int = 0
    """The number of the next starts that are done, but answered 502."""
    bots_forgotten: bool = False
    """It knows none of its bots."""
    bots_recording_after: float | None = None
    """A bot of Attendee has its recording so many seconds after its end, whatever it says of that until then."""
    bots_numbered: bool = False
    """The ids of its bots are numbers."""

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """Return the behaviour with some switches changed; raises pydantic's ValidationError naming the wrong ones."""
        return TypeAdapter(type(self)).validate_python({**asdict(self), **changes})
