"""The ports of the use cases of bots."""

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
    ObservationVerdict,
    ReportedStatus,
    SpokenInterval,
    Started,
    Webhook,
    Wish,
)
from services.bot_status.observing import Step
from services.status.domain import BotState


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRecording:
    """A recording that a service keeps for a short time; `headers` are for the service's own origin only.

    `whole` tells that its service does not add to it any more.
    """

    link: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    whole: bool = True


class BotProvider(Protocol):
    """A service that runs bots.

    Every method that asks it raises ServiceUnavailable, ServiceDenies, ServiceRefuses where it refuses, and NoSuchBot
    where it does not know the bot.
    """

    @property
    def name(self) -> str:
        """The name of the service, as webhooks have it in their path."""

    @property
    def searchable(self) -> bool:
        """Whether it keeps recordings that can be looked for."""

    async def start(self, wish: Wish) -> Started:
        """Start a bot, or return the one that runs for the same wish already, where the service can tell."""

    async def find(self, wish: Wish) -> Started | None:
        """Return the bot that came of a wish; raises CannotFind where the service has no way to tell."""

    async def get(self, external: External) -> ReportedStatus:
        """Return where a bot is."""

    async def stop(self, external: External) -> None:
        """Ask a bot to leave."""

    async def recordings(self, external: External) -> Sequence[FoundRecording]:
        """Return the recordings of a bot, looked for in every way there is, the best first; none while there is none."""

    async def speakers(self, external: External) -> tuple[SpokenInterval, ...]:
        """Return who spoke when in the recording; empty where that cannot be had, since it is only a help."""

    def meaning(self, raw_status: str, message: str) -> Meaning:
        """Return what a status means that came alone, in a callback."""

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Webhook:
        """Verify and read a webhook; raises Unauthenticated, InvalidInput, and NotFound where the service sends none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intended:
    """A wish that was stored, or the bot of an earlier request; `is_new` tells which."""

    bot: Bot
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """A bot that only we look at until the lease ends; `hinted` tells that a webhook asked for it."""

    bot: Bot
    hinted: bool


class IntentRepository(Protocol):
    """Wishes for bots."""

    async def intend(self, bot: Bot, request_id: str, digest: str, lease: timedelta) -> Intended:
        """Store a wish, unless its owner's `request_id` has one already; raises RequestChanged."""

    async def begin(self, intent_id: IntentId, started: Started) -> Bot:
        """Note that a bot runs; raises BotRefused where its id is another bot's."""

    async def give_up(self, intent_id: IntentId, failure: str, *, doubtful: bool) -> None:
        """Note that nothing came of a wish, and forget its request."""

    async def claim_unresolved(self, provider: str, lease: timedelta, limit: int) -> list[Bot]:
        """Return wishes of which nobody saw whether a bot came, leased to us."""


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
        """Remember a delivery and have its bot looked at now; returns False where it was taken before."""

    async def clean_up(self, receipts: timedelta, meetings: timedelta) -> None:
        """Delete old deliveries and requests, and bots and meetings that have not changed for long."""


class ReportRepository(Protocol):
    """What the coordinator has not acknowledged of bots."""

    async def list_unreported(self, intent_ids: Sequence[IntentId]) -> list[Bot]:
        """Return those of the bots whose last report is not acknowledged."""

    async def claim_unreported(self, pause: timedelta, limit: int) -> list[Bot]:
        """Return bots whose report is overdue; the next try is after the pause."""

    async def acknowledge(self, acknowledged: "Sequence[Acknowledgement]") -> None:
        """Note what the coordinator answered; bots that the outside no longer moves are not looked at any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """The answer of the coordinator to a report: its verdict, and where the public sees the bot."""

    intent_id: IntentId
    sequence: int
    verdict: ObservationVerdict | None
    state: BotState


class Coordinator(Protocol):
    """The coordinator, which owns the public record of bots."""

    async def report(self, bots: Sequence[Bot]) -> list[Acknowledgement]:
        """Report bots as they are; raises DomainError."""
