"""What is done with bots: start and stop them, and take what is said of them."""

import asyncio
import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import replace
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
    Kind,
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
    StopNotTaken,
    Wish,
)
from services.bot_status.meeting_links import MeetingLinks
from services.bot_status.meetings.domain import Media
from services.bot_status.meetings.usecases import Meetings
from services.bot_status.new_bots import Defaults, new_bot
from services.bot_status.observing import Step, observe
from services.bot_status.patience import Patience
from services.bot_status.ports import BotProvider, BotRepository, IntentRepository
from services.bot_status.reports import BotReports
from services.kernel.clock import utc_now
from services.kernel.errors import InvalidInput, NotFound
from services.kernel.outage import Outage
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
        links: MeetingLinks,
        *,
        defaults: Defaults,
        lease: timedelta,
        patience: Patience,
    ) -> None:
        """`lease` is how long a start may take; a wish that is older and still INTENDED is looked into.

        It is given up where that has told nothing for as long as a service may be silent.
        """
        self._provider = provider
        self._intents = intents
        self._bots = bots
        self._reports = reports
        self._meetings = meetings
        self._links = links
        self._defaults = defaults
        self._lease = lease
        self._patience = patience
        self._starts: set[asyncio.Task[Bot]] = set()
        self._outage = Outage("wishes")

    async def start_bot(
        self, owner: Owner, meet_url: str, bot_name: str, language: str, request_id: str
    ) -> tuple[BotId, BotState]:
        """Store the wish, start the bot outside, tell the coordinator.

        Raises InvalidInput where no bot is sent to that address, RequestChanged, BotStarting, BotRefused,
        UpstreamUnavailable; after the last two there is no bot.
        """
        self._links.check(meet_url)
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
        except (NoSuchBot, ServiceRefuses) as error:
            await self._check_gone(bot, error)
        await self._bots.hint(self._provider.name, bot.external)

    async def _check_gone(self, bot: Bot, refusal: Exception) -> None:
        """Look at a bot whose service does not take the request to leave; raises StopNotTaken where it goes on.

        Then it is asked again at every look.
        """
        try:
            reported = await self._provider.get(bot.external)
        except NoSuchBot:
            raise BotNotFound(
                f"the service that runs bots does not know {bot.bot_id}, or cannot be asked to stop it"
            ) from None
        log.info("stop_refused", bot_id=bot.bot_id, error=str(refusal))
        if reported.meaning.kind not in (Kind.MOVED, Kind.NOTHING):
            return
        await self._bots.change(
            bot.wish.intent_id, lambda stored: Step(bot=replace(stored, leave_wanted=True))
        )
        await self._bots.hint(self._provider.name, bot.external)
        raise StopNotTaken(
            f"bot {bot.bot_id} goes on: its service does not take the request to leave while it is "
            f"{reported.raw_status} ({refusal}); it is asked again at every look until it has left"
        ) from refusal

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
        # An end that comes with a recording is none to be told.
        searchable = bool(audio_url or (self._provider.searchable and bot.provider))
        step = await self._bots.change(
            bot.wish.intent_id,
            lambda stored: observe(
                stored, Source.CALLBACK, reported, utc_now(), self._patience, searchable=searchable
            ),
        )
        state, verdict = step.bot.known_state, step.verdict
        if step.told:
            acknowledged = await self._reports.report(bot.wish.intent_id)
            state, verdict = (
                (acknowledged.state, acknowledged.verdict) if acknowledged else (state, None)
            )
        if audio_url:
            return await self._meetings.keep_of(step.bot, Media(audio_url=audio_url)), verdict
        if searchable and step.bot.failed_at:  # its recording is looked for before it is given up
            await self._bots.hint(self._provider.name, bot.external)
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
            # Whatever becomes of one, the others are not to wait for it.
            with self._outage.outlived(intent_id=bot.wish.intent_id):
                await self._look_into(bot)

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
            return await self._begin(wish, started)
        except BotNotFound as error:  # it took so long that the wish was given up
            await self._stop_unwanted(started.external)
            raise NoBotStarted(f"no bot was started: {error}; try again") from error

    async def _begin(self, wish: Wish, started: Started) -> Bot:
        """Note that a bot runs; gives the wish up where its id is another bot's.

        A service that answers with the bot that the same user has in that meeting has started none: it is that bot. One
        that has begun to count anew has, and what it says of that bot would be taken for the earlier one: it is asked to
        leave.
        """
        try:
            return await self._intents.begin(wish.intent_id, started)
        except BotRefused as error:
            await self._intents.give_up(wish.intent_id, str(error), doubtful=False)
            other = await self._bots.get_bot(started.bot_id)
            same = (other.wish.owner, other.wish.meet_url) == (wish.owner, wish.meet_url)
            if other.followed and same and not other.left_at:
                return other
            if other.followed:
                raise
            await self._stop_unwanted(started.external)
            raise BotRefused(
                f"no bot was started: the service that runs bots gave it the id {started.bot_id}, which an earlier bot "
                "had, and which has ended: did that service begin to count anew? The bot is asked to leave; "
                "have it go on with its ids, and start again"
            ) from error

    async def _look_into(self, bot: Bot) -> None:
        """Resolve a wish, or give it up where its service has told nothing for too long."""
        try:
            await self._resolve(bot)
        except (ServiceUnavailable, ServiceRefuses, BotRefused, BotNotFound) as error:
            log.warning("wish_unresolved", intent_id=bot.wish.intent_id, error=str(error))
            if utc_now() - bot.created_at > self._patience.silent:
                failure = bot.failure or str(error)
                await self._intents.give_up(bot.wish.intent_id, failure, doubtful=False)

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
            await self._begin(wish, found)
            await self._reports.report(wish.intent_id)
        log.info("wish_resolved", intent_id=wish.intent_id, found=found is not None)

    async def _stop_unwanted(self, external: External) -> None:
        try:
            await self._provider.stop(external)
        except (NoSuchBot, ServiceRefuses):
            return


def _digest(*parameters: str) -> str:
    return hashlib.sha256(json.dumps(parameters).encode()).hexdigest()
