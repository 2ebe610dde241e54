"""What there is of meetings, in Postgres."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta

import asyncpg

from services.bot_status.domain import Bot, BotId, IntentId, SpokenInterval
from services.bot_status.meetings.domain import Media, MeetingMedia, MeetingNotFound
from services.bot_status.observing import Step
from services.bot_status.repository import change_bot, insert_bot
from services.bot_status.rows import bot_of
from services.kernel.postgres import Connection, Reading, afresh, load_queries
from services.recordings.domain import Recording
from services.recordings.repository import RecordingRegistry

_QUERIES = load_queries(__file__)


class PostgresMeetings:
    """Implements MeetingRepository.

    `reading` sees what whoever asks may see; `report_in` is when a report that we do not make ourselves is overdue.
    """

    def __init__(self, pool: asyncpg.Pool, reading: Reading, report_in: timedelta) -> None:
        self._pool = pool
        self._reading = reading
        self._report_in = report_in

    async def create(self, bot: Bot, media: Media) -> Bot:
        async with self._pool.acquire() as connection, connection.transaction():
            row = await insert_bot(connection, bot, lease=None, report_in=self._report_in)
            await _insert(connection, bot, media)
        return bot_of(row)

    async def keep(self, intent_id: IntentId, media: Media, step: Callable[[Bot], Step]) -> Step:
        async with self._pool.acquire() as connection, connection.transaction():
            done = await change_bot(connection, intent_id, step, self._report_in)
            if done.told:
                await _insert(connection, done.bot, media)
        return done

    @afresh
    async def get_meeting(self, bot_id: BotId) -> MeetingMedia:
        async with self._reading() as connection:
            row = await _QUERIES.get_meeting(connection, bot_id=bot_id)
        if row is None:
            raise MeetingNotFound(f"there is no meeting {bot_id}, or nothing of it is kept")
        return MeetingMedia(bot=bot_of(row), media=_media(row))

    async def claim_fetch(self, bot: Bot, lease: timedelta) -> bool:
        found = await _QUERIES.claim_fetch(self._pool, intent_id=bot.wish.intent_id, lease=lease)
        return found is not None

    async def renew_fetch(self, bot: Bot, lease: timedelta) -> None:
        await _QUERIES.renew_fetch(self._pool, intent_id=bot.wish.intent_id, lease=lease)

    async def release_fetch(self, bot: Bot) -> None:
        await _QUERIES.release_fetch(self._pool, intent_id=bot.wish.intent_id)

    async def set_recording(self, bot: Bot, recording: Recording) -> None:
        await _QUERIES.set_recording(
            self._pool,
            intent_id=bot.wish.intent_id,
            sha256=recording.sha256,
            size_bytes=recording.size_bytes,
            content_type=recording.content_type,
            file_name=recording.file_name,
        )


def recording_registry(pool: asyncpg.Pool, grace: timedelta) -> RecordingRegistry:
    """Return the registry of what the store holds; a recording that no meeting has is kept for `grace` at the least."""
    return RecordingRegistry(pool, _QUERIES, grace)


async def _insert(connection: Connection, bot: Bot, media: Media) -> None:
    recording = media.recording
    await _QUERIES.insert_media(
        connection,
        intent_id=bot.wish.intent_id,
        owner=bot.wish.owner,
        audio_url=media.audio_url,
        text=media.text,
        sha256=recording and recording.sha256,
        size_bytes=recording and recording.size_bytes,
        content_type=recording and recording.content_type,
        file_name=recording and recording.file_name,
        speakers=_speakers_json(media.speakers),
    )


def _media(row: asyncpg.Record) -> Media:
    recording = row["recording_sha256"] and Recording(
        sha256=row["recording_sha256"],
        size_bytes=row["recording_size_bytes"],
        content_type=row["recording_content_type"],
        file_name=row["recording_file_name"],
    )
    return Media(
        audio_url=row["audio_url"],
        text=row["text"],
        recording=recording or None,
        speakers=tuple(
            SpokenInterval(speaker_name=name, start_seconds=start, end_seconds=end)
            for name, start, end in json.loads(row["speakers"])
        ),
    )


def _speakers_json(speakers: Sequence[SpokenInterval]) -> str:
    """Return intervals as the column `speakers` has them."""
    return json.dumps([(s.speaker_name, s.start_seconds, s.end_seconds) for s in speakers])
