"""The looks at bots: each bot is looked at when it is due, by whichever process comes first."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from services.bot_status.domain import (
    Bot,
    Kind,
    Meaning,
    NoSuchBot,
    ObservationVerdict,
    ReportedStatus,
    ServiceDenies,
    ServiceRefuses,
    ServiceUnavailable,
    Source,
)
from services.bot_status.leases import kept
from services.bot_status.meetings.fetching import Fetching
from services.bot_status.observing import Step, fail, hold, observe
from services.bot_status.patience import Patience
from services.bot_status.ports import BotProvider, BotRepository, Leased
from services.bot_status.reports import BotReports
from services.kernel.clock import utc_now
from services.kernel.errors import UpstreamUnavailable
from services.kernel.outage import Outage
from services.kernel.tasks import cancel
from services.recordings.domain import FOR_NOW, NotAllowed, NotFetched, TooLarge
from services.status.domain import BotState

log = structlog.get_logger()

MOST_HELD_FAILURES = 3
"""Looks at a bot whose failure is held back get rarer as after so many failures, and no more."""


class Poller:
    """Looks at bots while the public sees them in the first three states."""

    def __init__(
        self,
        provider: BotProvider,
        bots: BotRepository,
        reports: BotReports,
        fetching: Fetching,
        *,
        patience: Patience,
        lease: timedelta,
        concurrency: int,
    ) -> None:
        """A look leases its bot for `lease`, and renews that; no more than `concurrency` looks go on at a time."""
        self._provider = provider
        self._bots = bots
        self._reports = reports
        self._fetching = fetching
        self._patience = patience
        self._lease = lease
        self._concurrency = concurrency
        self._under_way: set[asyncio.Task[None]] = set()
        self._outage = Outage("looks at bots")

    async def turn(self) -> None:
        """Begin the looks that are due, as far as `concurrency` allows; they go on beside the next turns."""
        free = self._concurrency - len(self._under_way)
        if free <= 0:
            return
        for leased in await self._bots.claim_due(self._provider.name, self._lease, free):
            task = asyncio.create_task(self._look(leased))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def stop(self) -> None:
        """End the looks under way; their leases run out, and others go on."""
        await cancel(*self._under_way)

    async def _look(self, leased: Leased) -> None:
        bot = leased.bot
        failures, pause = bot.failures + 1, None
        with self._outage.outlived(bot_id=bot.bot_id):
            async with kept(self._lease, lambda: self._bots.renew(bot, self._lease)):
                failures, pause = await self._look_at(leased)
        with self._outage.outlived(bot_id=bot.bot_id):  # a lease that is not released runs out
            await self._bots.release(bot, self._patience.pause(failures, pause), failures=failures)

    async def _look_at(self, leased: Leased) -> tuple[int, timedelta | None]:
        """Ask where a bot is and do what follows; returns failures in a row, and the pause that was asked for."""
        bot, failures, pause = leased.bot, 0, None
        reported: ReportedStatus | None = None
        missing, trouble = False, ""
        try:
            reported = await self._provider.get(bot.external)
        except NoSuchBot:
            missing, trouble = True, "the service that runs bots does not know the bot"
        except ServiceDenies as error:
            log.error("bot_service_denies", provider=self._provider.name, error=str(error))  # noqa: TRY400
            failures, trouble = bot.failures + 1, str(error)
        except (ServiceUnavailable, ServiceRefuses) as error:
            log.warning("bot_not_read", bot_id=bot.bot_id, error=str(error))
            failures, trouble = bot.failures + 1, str(error)
            pause = error.retry_after if isinstance(error, ServiceUnavailable) else None
        source = Source.WEBHOOK if leased.hinted else Source.POLL
        step = await self._change(
            bot,
            lambda stored: self._step(
                stored, source, reported, missing=missing, failures=failures, trouble=trouble
            ),
        )
        bot = step.bot
        if bot.followed and bot.leave_wanted:
            await self._ask_to_leave(bot)
        kind = reported.meaning.kind if reported else None
        if bot.followed and not bot.media_ready and (kind is Kind.RECORDED or bot.failed_at):
            return await self._search(leased.bot, bot, kind, failures, pause)
        return failures, pause

    def _step(
        self,
        bot: Bot,
        source: Source,
        reported: ReportedStatus | None,
        *,
        missing: bool,
        failures: int,
        trouble: str,
    ) -> Step:
        now = utc_now()
        searchable = self._provider.searchable
        if reported is not None:
            step = observe(bot, source, reported, now, self._patience, searchable=searchable)
            answered = replace(step.bot, answered_at=now, missing_at=None, failures=0)
            step = replace(step, bot=answered)
        else:
            if missing:
                bot = replace(bot, answered_at=now, missing_at=bot.missing_at or now)
            step = Step(
                bot=replace(bot, failures=failures),
                verdict=ObservationVerdict.IGNORED,
                source=source,
                reported=_unread(trouble),
            )
        message = self._patience.give_up_reason(step.bot, now)
        if message is None:
            return step
        if failures:
            message = f"{message}: {trouble}"
        wait = self._patience.last_wait(step.bot, searchable=searchable)
        held = hold(step.bot, message, now, wait)
        if wait and step.bot.state is BotState.CONNECTED:
            held = replace(held, bot=replace(held.bot, leave_wanted=True))
        return replace(step, bot=held.bot, told=held.told or step.told)

    async def _search(
        self, before: Bot, bot: Bot, kind: Kind | None, failures: int, pause: timedelta | None
    ) -> tuple[int, timedelta | None]:
        """Look for what a bot has recorded, and fetch it at once, since links to it soon end.

        `before` is the bot before this look, and `kind` that of what its service says now.
        """
        again = before.failures + 1
        outcome = _Outcome()
        try:
            if self._provider.searchable:
                over = self._patience.is_over(bot, utc_now(), asked=True)
                ended = kind is not Kind.MOVED or over
                if await self._fetching.fetch_of_provider(bot, ended=ended):
                    return 0, None
            if bot.failed_at:
                failures = failures or min(again, MOST_HELD_FAILURES)
        except (UpstreamUnavailable, ServiceRefuses) as error:
            log.warning("recording_not_fetched", bot_id=bot.bot_id, error=str(error))
            outcome, failures = _Outcome(asked=False, trouble=str(error)), again
            pause = error.retry_after if isinstance(error, ServiceUnavailable) else pause
        except NotFetched as error:
            log.warning("recording_not_fetched", bot_id=bot.bot_id, error=str(error))
            outcome, failures, pause = _outcome(error), again, error.retry_after
        step = await self._change(bot, lambda stored: self._settled(stored, outcome))
        if step.told and kind is Kind.MOVED and step.bot.state is BotState.ERROR:
            await self._leave_alone(bot)
        return (failures, pause) if step.bot.followed else (0, None)

    def _settled(self, bot: Bot, outcome: "_Outcome") -> Step:
        """Return what becomes of a bot whose recording was looked for, and was not fetched."""
        now = utc_now()
        unusable = f"the recording of the meeting cannot be had: {outcome.trouble}"
        if outcome.hopeless:
            return fail(bot, unusable, now)
        if bot.failed_at is None:
            wait = self._patience.failed
            return hold(bot, unusable, now, wait) if outcome.refused else Step(bot=bot)
        if not self._patience.is_over(bot, now, asked=outcome.asked, found=outcome.found):
            return Step(bot=bot)
        also = (
            f" ({outcome.trouble})"
            if outcome.trouble and outcome.trouble not in bot.failure
            else ""
        )
        return fail(bot, f"{bot.failure}{also}", now)

    async def _leave_alone(self, bot: Bot) -> None:
        """Ask a bot that was given up to leave, so that it does not record what nobody sees."""
        try:
            await self._provider.stop(bot.external)
        except (ServiceUnavailable, ServiceRefuses, NoSuchBot) as error:
            log.info("stop_not_taken", bot_id=bot.bot_id, error=str(error))

    async def _ask_to_leave(self, bot: Bot) -> None:
        """Ask once more a bot whose service has not taken the request to leave."""
        try:
            await self._provider.stop(bot.external)
        except (ServiceUnavailable, ServiceRefuses, NoSuchBot) as error:
            log.info("stop_not_taken", bot_id=bot.bot_id, error=str(error))
            return
        await self._change(bot, lambda stored: Step(bot=replace(stored, leave_wanted=False)))

    async def _change(self, bot: Bot, make: Callable[[Bot], Step]) -> Step:
        step = await self._bots.change(bot.wish.intent_id, make)
        if step.told:
            await self._reports.report(bot.wish.intent_id)
        return step


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What a search for a recording came to: whether the service could be asked, and whether it named a recording.

    `refused` tells that the recording is there and not to be had, `hopeless` that no other try can help.
    """

    asked: bool = True
    found: bool = False
    refused: bool = False
    hopeless: bool = False
    trouble: str = ""


def _outcome(error: NotFetched) -> _Outcome:
    may_come = error.may_come or isinstance(error, FOR_NOW)
    return _Outcome(
        found=True,
        refused=not may_come,
        hopeless=isinstance(error, TooLarge | NotAllowed),
        trouble=str(error),
    )


def _unread(trouble: str) -> ReportedStatus:
    """Return what is recorded of a look at which nothing was said of the bot: why."""
    return ReportedStatus(
        raw_status="no_answer", meaning=Meaning(kind=Kind.NOTHING, message=trouble)
    )
