"""What is done with meetings: keep what there is of them, and hand it out to their runs."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import replace

from services.bot_status.domain import (
    Bot,
    BotId,
    IntentId,
    Wish,
)
from services.bot_status.meetings.domain import Media, MeetingMedia, MeetingNotFound
from services.bot_status.meetings.fetching import Fetching
from services.bot_status.meetings.ports import Links, MeetingRepository, RecordingStore
from services.bot_status.new_bots import Defaults, new_bot
from services.bot_status.observing import ready
from services.bot_status.ports import BotRepository
from services.bot_status.reports import BotReports
from services.kernel.clock import utc_now
from services.kernel.errors import InvalidInput, UpstreamUnavailable, WrongState
from services.recordings.domain import FOR_NOW, NotFetched, Recording
from services.status.domain import BotState, Owner


class Meetings:
    """Texts and recordings of meetings of all owners."""

    def __init__(
        self,
        bots: BotRepository,
        meetings: MeetingRepository,
        store: RecordingStore,
        links: Links,
        fetching: Fetching,
        reports: BotReports,
        defaults: Defaults,
    ) -> None:
        self._bots = bots
        self._meetings = meetings
        self._store = store
        self._links = links
        self._fetching = fetching
        self._reports = reports
        self._defaults = defaults

    def check_link(self, audio_url: str) -> None:
        """Refuse what is no address of a recording; raises InvalidInput."""
        self._links.check(audio_url)

    async def keep_media(
        self, owner: Owner, bot_id: BotId, audio_url: str, text: str
    ) -> tuple[BotId, BotState]:
        """Keep what there is of a meeting, the first that comes, and report it; without a bot an id is made up.

        Raises BotNotFound, InvalidInput.
        """
        if audio_url:
            self._links.check(audio_url)
        media = Media(audio_url=audio_url, text=text)
        if not bot_id:
            bot = await self._meetings.create(self._without_bot(owner), media)
            assert bot.bot_id is not None
            return bot.bot_id, await self._report(bot)
        bot = await self._bots.get_bot(bot_id)
        if bot.wish.owner != owner:
            raise InvalidInput(f"user_id: {bot_id} is not a bot of this user")
        return bot_id, await self.keep_of(bot, media)

    async def keep_of(self, bot: Bot, media: Media) -> BotState:
        """Keep what there is of a bot's meeting, unless something is kept already; returns where the bot is."""
        step = await self._meetings.keep(
            bot.wish.intent_id, media, lambda stored: ready(stored, utc_now())
        )
        return await self._report(step.bot)

    async def get_meeting(self, owner: Owner, bot_id: BotId) -> MeetingMedia:
        """Return a meeting; raises MeetingNotFound, also for somebody else's."""
        meeting = await self._meetings.get_meeting(bot_id)
        if meeting.bot.wish.owner != owner:
            raise MeetingNotFound(f"there is no meeting {bot_id}")
        return meeting

    async def read_recording(
        self, owner: Owner, bot_id: BotId
    ) -> tuple[Recording, AsyncIterator[bytes]]:
        """Return the recording of a meeting and its bytes, fetched first where that was not done yet.

        Raises MeetingNotFound; UpstreamUnavailable; WrongState, with a value of Reason as its reason, where there will
        never be one.
        """
        meeting = await self.get_meeting(owner, bot_id)
        if meeting.media.recording is None and not meeting.media.audio_url:
            raise MeetingNotFound(f"meeting {bot_id} has a text and no recording")
        try:
            recording = await self._fetching.fetch_of_link(meeting)
        except FOR_NOW as error:
            raise UpstreamUnavailable(f"the recording cannot be fetched now: {error}") from error
        except NotFetched as error:
            raise WrongState(
                f"the recording cannot be had: {error}", reason=error.reason.value
            ) from error
        return recording, self._store.read(recording)

    async def _report(self, bot: Bot) -> BotState:
        acknowledged = await self._reports.report(bot.wish.intent_id)
        return acknowledged.state if acknowledged else bot.known_state

    def _without_bot(self, owner: Owner) -> Bot:
        """Return what stands for the bot of a meeting that came without one: as if it had just left."""
        wish = Wish(
            intent_id=IntentId(str(uuid.uuid4())),
            owner=owner,
            meet_url="",
            bot_name="",
            language=self._defaults.language,
        )
        bot = new_bot(
            wish,
            self._defaults.time_zone,
            provider="",
            bot_id=BotId(f"meeting-{uuid.uuid4().hex}"),
            state=BotState.CONNECTED,
        )
        return replace(bot, media_ready=True, sequence=1)
