"""The looks at bots: each bot is looked at when it is due, by whichever process comes first."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from services.bot_status.domain import (
    Bot,
    Kind,
    NoSuchBot,
    ReportedStatus,
    ServiceDenies,
    ServiceRefuses,
    ServiceUnavailable,
    Source,
)
from services.bot_status.leases import kept
from services.bot_status.meetings.fetching import Fetching
from services.bot_status.observing import Step, fail, observe
from services.bot_status.patience import Patience
from services.bot_status.ports import BotProvider, BotRepository, Leased
from services.bot_status.reports import BotReports
from services.kernel.clock import utc_now
from services.kernel.errors import UpstreamUnavailable
from services.kernel.tasks import cancel
from services.recordings.domain import FOR_NOW, NotFetched

log = structlog.get_logger()


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
        try:
            async with kept(self._lease, lambda: self._bots.renew(bot, self._lease)):
                failures, pause = await self._look_at(leased)
        except Exception:
            log.exception("look_failed", bot_id=bot.bot_id)
        try:
            await self._bots.release(bot, self._patience.pause(failures, pause), failures=failures)
        except Exception:
            log.exception("lease_not_released", bot_id=bot.bot_id)  # it runs out

    async def _look_at(self, leased: Leased) -> tuple[int, timedelta | None]:
        """Ask where a bot is and do what follows; returns failures in a row, and the pause that was asked for."""
        bot, failures, pause = leased.bot, 0, None
        reported: ReportedStatus | None = None
        missing = False
        try:
            reported = await self._provider.get(bot.external)
        except NoSuchBot:
            missing = True
        except ServiceDenies as error:
            log.error("bot_service_denies", provider=self._provider.name, error=str(error))  # noqa: TRY400
            failures = bot.failures + 1
        except (ServiceUnavailable, ServiceRefuses) as error:
            log.warning("bot_not_read", bot_id=bot.bot_id, error=str(error))
            failures = bot.failures + 1
            pause = error.retry_after if isinstance(error, ServiceUnavailable) else None
        source = Source.WEBHOOK if leased.hinted else Source.POLL
        step = await self._bots.change(
            bot.wish.intent_id,
            lambda stored: self._step(stored, source, reported, missing=missing, failures=failures),
        )
        if step.told:
            await self._reports.report(bot.wish.intent_id)
        recorded = reported is not None and reported.meaning.kind is Kind.RECORDED
        if recorded and step.bot.followed and not step.bot.media_ready:
            return await self._fetch(step.bot, bot.failures)
        return failures, pause

    def _step(
        self,
        bot: Bot,
        source: Source,
        reported: ReportedStatus | None,
        *,
        missing: bool,
        failures: int,
    ) -> Step:
        now = utc_now()
        if reported is not None:
            answered = replace(bot, answered_at=now, missing_at=None, failures=0)
            return self._or_given_up(observe(answered, source, reported, now), now)
        if missing:
            bot = replace(bot, answered_at=now, missing_at=bot.missing_at or now)
        return self._or_given_up(Step(bot=replace(bot, failures=failures)), now)

    def _or_given_up(self, step: Step, now: datetime) -> Step:
        """Return the step, or the end of a bot that has not got on for too long."""
        message = self._patience.give_up_reason(step.bot, now)
        if message is None:
            return step
        given_up = fail(step.bot, message, now)
        return replace(given_up, source=step.source, reported=step.reported)

    async def _fetch(self, bot: Bot, failures: int) -> tuple[int, timedelta | None]:
        """Fetch what a bot has recorded, at once, since links to it soon end."""
        try:
            await self._fetching.fetch_of_provider(bot)
        except (UpstreamUnavailable, ServiceRefuses, NoSuchBot) as error:
            log.warning("recording_not_fetched", bot_id=bot.bot_id, error=str(error))
            pause = error.retry_after if isinstance(error, ServiceUnavailable) else None
            return failures + 1, pause
        except NotFetched as error:
            log.warning("recording_not_fetched", bot_id=bot.bot_id, error=str(error))
            if error.may_come or isinstance(error, FOR_NOW):
                return failures + 1, error.retry_after
            message = f"the recording of the meeting cannot be had: {error}"
            step = await self._bots.change(
                bot.wish.intent_id, lambda stored: fail(stored, message, utc_now())
            )
            if step.told:
                await self._reports.report(bot.wish.intent_id)
        return 0, None
