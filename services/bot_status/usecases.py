"""What is done with bots: start and stop them, and take what is said of them."""

import asyncio
import hashlib
import json
import uuid
from collections.abc import Mapping
from datetime import timedelta

import structlog

from services.bot_status.domain import (
    Bot,
    BotId,
    BotNotFound,
    BotRefused,
    BotStarting,
    CannotFind,
    External,
    IntentId,
    NoBotStarted,
    NoSuchBot,
    Observation,
    ObservationVerdict,
    Phase,
    ReportedStatus,
    ServiceDenies,
    ServiceRefuses,
    ServiceUnavailable,
    Source,
    Started,
    Wish,
)
from services.bot_status.meetings.domain import Media
from services.bot_status.meetings.usecases import Meetings
from services.bot_status.new_bots import Defaults, new_bot
from services.bot_status.observing import observe
from services.bot_status.ports import BotProvider, BotRepository, IntentRepository
from services.bot_status.reports import BotReports
from services.kernel.clock import utc_now
from services.kernel.errors import InvalidInput, NotFound
from services.kernel.tasks import cancel
from services.status.domain import BotState, Owner

log = structlog.get_logger()

MOST_WEBHOOK_BYTES = 1 << 20
MOST_UNRESOLVED = 20
"""Wishes that one turn looks into."""


class Bots:
    """The bots of all owners, at one service that runs them."""

    def __init__(
        self,
        provider: BotProvider,
        intents: IntentRepository,
        bots: BotRepository,
        reports: BotReports,
        meetings: Meetings,
        *,
        defaults: Defaults,
        lease: timedelta,
        longest: timedelta,
    ) -> None:
        """`lease` is how long a start may take; a wish that is older and still INTENDED is looked into.

        It is given up where that has told nothing after `longest`.
        """
        self._provider = provider
        self._intents = intents
        self._bots = bots
        self._reports = reports
        self._meetings = meetings
        self._defaults = defaults
        self._lease = lease
        self._longest = longest
        self._starts: set[asyncio.Task[Bot]] = set()

    async def start_bot(
        self, owner: Owner, meet_url: str, bot_name: str, language: str, request_id: str
    ) -> tuple[BotId, BotState]:
        """Store the wish, start the bot outside, tell the coordinator.

        Raises RequestChanged, BotStarting, BotRefused, UpstreamUnavailable; after the last two there is no bot.
        """
        wish = Wish(
            intent_id=IntentId(str(uuid.uuid4())),
            owner=owner,
            meet_url=meet_url,
            bot_name=bot_name.strip() or self._defaults.bot_name,
            language=language or self._defaults.language,
        )
        digest = _digest(meet_url, bot_name, language)
        bot = new_bot(wish, self._defaults.time_zone, self._provider.name)
        intended = await self._intents.intend(bot, request_id, digest, self._lease)
        # A caller who goes away ends the wait and not the start, half of which would be hard to mend.
        bot = await asyncio.shield(self._starting(wish)) if intended.is_new else intended.bot
        if bot.bot_id is None:
            raise BotStarting(
                f"the bot of request_id {request_id} is being started: ask again in a moment"
            )
        acknowledged = await self._reports.report(bot.wish.intent_id)
        return bot.bot_id, acknowledged.state if acknowledged else bot.known_state

    async def stop_bot(self, bot_id: BotId) -> None:
        """Ask a bot to leave, unless it has left already. Raises BotNotFound, UpstreamUnavailable."""
        bot = await self._bots.get_bot(bot_id)
        if not bot.followed or bot.left_at or not bot.provider:
            return
        if bot.provider != self._provider.name:
            raise BotNotFound(f"{bot_id} runs at {bot.provider}, which is not used any more")
        try:
            await self._provider.stop(bot.external)
        except NoSuchBot:
            raise BotNotFound(
                f"the service that runs bots does not know {bot_id}, or cannot be asked to stop it"
            ) from None
        except ServiceRefuses as error:
            log.info("stop_refused", bot_id=bot_id, error=str(error))
        await self._bots.hint(self._provider.name, bot.external)

    async def observe_bot(
        self, bot_id: BotId, raw_status: str, error_message: str, audio_url: str
    ) -> tuple[BotState, ObservationVerdict | None]:
        """Take what a callback says, and the recording it may name; returns where the bot is, and the verdict.

        Raises BotNotFound; InvalidInput where the link to the recording is no link.
        """
        if audio_url:
            self._meetings.check_link(audio_url)
        bot = await self._bots.get_bot(bot_id)
        raw = raw_status.strip().lower()
        reported = ReportedStatus(
            raw_status=raw, meaning=self._provider.meaning(raw, error_message)
        )
        step = await self._bots.change(
            bot.wish.intent_id, lambda stored: observe(stored, Source.CALLBACK, reported, utc_now())
        )
        state, verdict = step.bot.known_state, step.verdict
        if step.told:
            acknowledged = await self._reports.report(bot.wish.intent_id)
            state, verdict = (
                (acknowledged.state, acknowledged.verdict) if acknowledged else (state, None)
            )
        if audio_url:
            state = await self._meetings.keep_of(step.bot, Media(audio_url=audio_url))
        return state, verdict

    async def list_observations(self, bot_id: BotId, limit: int) -> list[Observation]:
        """Return what was said of a bot, newest first; raises BotNotFound."""
        return await self._bots.list_observations(bot_id, limit)

    async def receive_webhook(self, provider: str, headers: Mapping[str, str], body: bytes) -> None:
        """Verify and remember a webhook; its bot is looked at soon. Raises NotFound, Unauthenticated, InvalidInput."""
        if provider != self._provider.name:
            raise NotFound(f"no bots of ours run at {provider}")
        if len(body) > MOST_WEBHOOK_BYTES:
            raise InvalidInput(f"body: it has more than {MOST_WEBHOOK_BYTES} bytes")
        webhook = self._provider.read_webhook(headers, body, utc_now())
        if not await self._bots.take_webhook(provider, webhook):
            log.info("webhook_again", provider=provider)

    async def resolve(self) -> None:
        """Look into starts whose end nobody saw; any number of processes may do so at once."""
        unresolved = await self._intents.claim_unresolved(
            self._provider.name, self._lease, MOST_UNRESOLVED
        )
        for bot in unresolved:
            try:
                await self._resolve(bot)
            except (ServiceUnavailable, ServiceRefuses, BotRefused, BotNotFound) as error:
                log.warning("wish_unresolved", intent_id=bot.wish.intent_id, error=str(error))
                if utc_now() - bot.created_at > self._longest:
                    failure = bot.failure or str(error)
                    await self._intents.give_up(bot.wish.intent_id, failure, doubtful=False)
            except Exception:  # the other wishes are not to wait for it
                log.exception("wish_unresolved", intent_id=bot.wish.intent_id)

    async def stop(self) -> None:
        """End the starts under way; other processes look into them."""
        await cancel(*self._starts)

    def _starting(self, wish: Wish) -> "asyncio.Task[Bot]":
        start = asyncio.create_task(self._start(wish))
        self._starts.add(start)
        start.add_done_callback(self._ended)
        return start

    def _ended(self, start: "asyncio.Task[Bot]") -> None:
        self._starts.discard(start)
        if not start.cancelled() and (error := start.exception()):
            log.info("bot_not_started", error=str(error))

    async def _start(self, wish: Wish) -> Bot:
        try:
            started = await self._provider.start(wish)
        except (ServiceDenies, ServiceRefuses, NoSuchBot) as error:
            await self._intents.give_up(wish.intent_id, str(error), doubtful=False)
            where = ": is POTOK_BOT_STATUS_URL right?" if isinstance(error, NoSuchBot) else ""
            raise BotRefused(f"no bot was started: {error}{where}") from error
        except ServiceUnavailable as error:
            await self._intents.give_up(wish.intent_id, str(error), doubtful=error.doubtful)
            raise NoBotStarted(f"no bot was started: {error}; try again") from error
        try:
            return await self._begin(wish.intent_id, started)
        except BotNotFound as error:  # it took so long that the wish was given up
            await self._stop_unwanted(started.external)
            raise NoBotStarted(f"no bot was started: {error}; try again") from error

    async def _begin(self, intent_id: IntentId, started: Started) -> Bot:
        """Note that a bot runs; gives the wish up where the id is another bot's, which is not stopped for that."""
        try:
            return await self._intents.begin(intent_id, started)
        except BotRefused as error:
            await self._intents.give_up(intent_id, str(error), doubtful=False)
            raise

    async def _resolve(self, bot: Bot) -> None:
        """Take over the bot of a start that was cut short, or stop it where the caller was told that it failed."""
        wish = bot.wish
        try:
            found = await self._provider.find(wish)
        except (CannotFind, NoSuchBot):
            found = None
        if found is None:
            failure = bot.failure or "it was not seen whether the bot started"
            await self._intents.give_up(wish.intent_id, failure, doubtful=False)
        elif bot.phase is Phase.DOUBTFUL:
            await self._stop_unwanted(found.external)
            await self._intents.give_up(wish.intent_id, bot.failure, doubtful=False)
        else:
            await self._begin(wish.intent_id, found)
            await self._reports.report(wish.intent_id)
        log.info("wish_resolved", intent_id=wish.intent_id, found=found is not None)

    async def _stop_unwanted(self, external: External) -> None:
        try:
            await self._provider.stop(external)
        except (NoSuchBot, ServiceRefuses):
            return


def _digest(*parameters: str) -> str:
    return hashlib.sha256(json.dumps(parameters).encode()).hexdigest()
