"""What the use cases need from the outside."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from services.bot_status.domain import (
    Bot,
    BotId,
    External,
    IntentId,
    Meaning,
    Observation,
    Said,
    SpokenInterval,
    Started,
    Verdict,
    Webhook,
    Wish,
)
from services.bot_status.observing import Step
from services.status.domain import BotState


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRecording:
    """Where a service keeps a recording for a short time; `headers` are for the service's own origin only."""

    link: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    speakers: tuple[SpokenInterval, ...] = ()


class BotProvider(Protocol):
    """A service that runs bots.

    What asks it raises ServiceUnavailable, ServiceDenies; where it says that it will not, ServiceRefuses; where it
    does not know the bot, NoSuchBot.
    """

    @property
    def name(self) -> str:
        """The name of the service, as webhooks have it in their path."""

    async def start(self, wish: Wish) -> Started:
        """Start a bot; one that was started for the same wish already is returned, where the service can tell."""

    async def find(self, wish: Wish) -> Started | None:
        """Return the bot that came of a wish; raises CannotFind where the service has no way to tell."""

    async def get(self, external: External) -> Said:
        """Return where a bot is."""

    async def stop(self, external: External) -> None:
        """Ask a bot to leave."""

    async def recording(self, external: External) -> FoundRecording | None:
        """Return where the recording of a bot that has left is; None while it is not there."""

    def meaning(self, raw_status: str, message: str) -> Meaning:
        """Return what a status means that came without anything else."""

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Webhook:
        """Verify and read a webhook; raises Unauthenticated, InvalidInput, NotFound where none are sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intended:
    """A wish that was stored, or the bot of an earlier request; `is_new` tells which."""

    bot: Bot
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """A bot that is to be looked at, by us alone until the lease ends; `hinted`: a webhook asked for it."""

    bot: Bot
    hinted: bool


class IntentRepository(Protocol):
    """Wishes for bots, from the moment they are uttered."""

    async def intend(self, bot: Bot, request_id: str, digest: str, lease: timedelta) -> Intended:
        """Store a wish, unless its owner's `request_id` has one already; raises RequestChanged."""

    async def begin(self, intent_id: IntentId, started: Started) -> Bot:
        """Note that a bot runs; raises BotRefused where its id is another bot's."""

    async def give_up(self, intent_id: IntentId, failure: str, *, doubtful: bool) -> None:
        """Note that nothing came of a wish, and forget its request."""

    async def claim_unresolved(self, provider: str, lease: timedelta, limit: int) -> list[Bot]:
        """Return wishes whose end nobody has seen, leased to us."""


class BotRepository(Protocol):
    """Bots and what is said of them."""

    async def get_bot(self, bot_id: BotId) -> Bot:
        """Return a bot; raises BotNotFound."""

    async def change(self, intent_id: IntentId, step: Callable[[Bot], Step]) -> Step:
        """Do a step with a bot under the lock of its row, and record what was said; raises BotNotFound."""

    async def list_observations(self, bot_id: BotId, limit: int) -> list[Observation]:
        """Return what was said of a bot, newest first; raises BotNotFound."""

    async def claim_due(self, provider: str, lease: timedelta, limit: int) -> list[Leased]:
        """Return bots that are to be looked at, leased to us; no other gets them meanwhile."""

    async def renew(self, bot: Bot, lease: timedelta) -> None:
        """Keep a lease that is still ours."""

    async def release(self, bot: Bot, pause: timedelta, *, failures: int) -> None:
        """End a lease: the next look is after a pause, or at once where a hint came meanwhile."""

    async def hint(self, provider: str, external: External) -> None:
        """Have a bot looked at now."""

    async def take_webhook(self, provider: str, webhook: Webhook) -> bool:
        """Remember a delivery and have its bot looked at now; False where it was taken before."""

    async def clean_up(self, receipts: timedelta, meetings: timedelta) -> None:
        """Forget old receipts and requests, and bots and meetings that nothing was said of for long."""


class ReportRepository(Protocol):
    """What the coordinator has not acknowledged."""

    async def list_unreported(self, intent_ids: Sequence[IntentId]) -> list[Bot]:
        """Return those of the bots of which the coordinator does not know all."""

    async def claim_unreported(self, pause: timedelta, limit: int) -> list[Bot]:
        """Return bots whose report is overdue; the next try is after the pause."""

    async def acknowledge(self, judged: "Sequence[Judged]") -> None:
        """Note what the coordinator says: bots it no longer wants to hear of are not looked at any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What became of a report, and where the public sees the bot."""

    intent_id: IntentId
    sequence: int
    verdict: Verdict | None
    state: BotState


class Coordinator(Protocol):
    """Who owns the public record of bots."""

    async def report(self, bots: Sequence[Bot]) -> list[Judged]:
        """Report bots as they are; raises DomainError."""
