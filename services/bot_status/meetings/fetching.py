"""Brings recordings of meetings into the store, one fetch of each at a time."""

import asyncio
from datetime import timedelta

from services.bot_status.domain import Bot
from services.bot_status.leases import kept
from services.bot_status.meetings.domain import Media, MeetingMedia
from services.bot_status.meetings.ports import Links, MeetingRepository, RecordingStore
from services.bot_status.observing import ready
from services.bot_status.ports import BotProvider
from services.bot_status.reports import BotReports
from services.kernel.clock import utc_now
from services.kernel.errors import UpstreamUnavailable
from services.recordings.domain import FOR_NOW, NotFetched, Recording

MOST_INTERVALS = 20_000
"""Intervals of speech kept of a meeting; enough for a whole day of a lively talk."""


class Fetching:
    """Fetches recordings through the guard: those that services keep, and those that callbacks link to."""

    def __init__(
        self,
        provider: BotProvider,
        meetings: MeetingRepository,
        store: RecordingStore,
        links: Links,
        reports: BotReports,
        *,
        lease: timedelta,
        look: timedelta,
        longest: timedelta,
    ) -> None:
        """A fetch is leased for `lease`; others look every `look` whether it is done, for `longest` at the most."""
        self._provider = provider
        self._meetings = meetings
        self._store = store
        self._links = links
        self._reports = reports
        self._lease = lease
        self._look = look
        self._longest = longest

    async def fetch_of_provider(self, bot: Bot, *, ended: bool) -> bool:
        """Store what a service has recorded and report that it is there; returns False where there is nothing yet.

        What may still grow is taken only once the bot has `ended`. Raises NotFetched where none of the recordings can
        be had, what may be had later first; UpstreamUnavailable, ServiceRefuses.
        """
        found = [
            each for each in await self._provider.recordings(bot.external) if each.whole or ended
        ]
        refusals: list[NotFetched] = []
        for each in found:
            try:
                async with self._links.fetch(each.link, each.headers) as fetched:
                    recording = await self._store.keep(fetched)
            except NotFetched as error:
                refusals.append(error)
                continue
            speakers = await self._provider.speakers(bot.external)
            media = Media(recording=recording, speakers=speakers[:MOST_INTERVALS])
            await self._meetings.keep(
                bot.wish.intent_id, media, lambda stored: ready(stored, utc_now())
            )
            await self._reports.report(bot.wish.intent_id)
            return True
        if refusals:
            raise max(refusals, key=lambda each: each.may_come or isinstance(each, FOR_NOW))
        return False

    async def fetch_of_link(self, meeting: MeetingMedia) -> Recording:
        """Return the recording of a meeting, fetched where it was not yet; raises NotFetched, UpstreamUnavailable."""
        bot, clock = meeting.bot, asyncio.get_running_loop().time
        deadline = clock() + self._longest.total_seconds()
        while meeting.media.recording is None:
            if await self._meetings.claim_fetch(bot, self._lease):
                return await self._fetch(meeting)
            if clock() > deadline:
                raise UpstreamUnavailable("the recording is still being fetched: try again")
            await asyncio.sleep(self._look.total_seconds())
            assert bot.bot_id is not None
            meeting = await self._meetings.get_meeting(bot.bot_id)
        return meeting.media.recording

    async def _fetch(self, meeting: MeetingMedia) -> Recording:
        bot = meeting.bot
        try:
            async with (
                kept(self._lease, lambda: self._meetings.renew_fetch(bot, self._lease)),
                self._links.fetch(meeting.media.audio_url) as fetched,
            ):
                recording = await self._store.keep(fetched)
        except BaseException:
            await self._meetings.release_fetch(bot)
            raise
        await self._meetings.set_recording(bot, recording)
        return recording
