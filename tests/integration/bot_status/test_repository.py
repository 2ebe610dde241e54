"""What is old is forgotten: deliveries, requests, bots with all that was said of them, recordings that nobody has."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from services.bot_status.domain import BotId, External, IntentId, Webhook, Wish
from services.bot_status.meetings.domain import Media
from services.bot_status.meetings.repository import PostgresMeetings, recording_registry
from services.bot_status.new_bots import new_bot
from services.bot_status.repository import PostgresBots
from services.recordings.domain import Recording
from services.status.domain import BotState, Owner
from tests.conftest import Database
from tests.identity import everything

SOON = timedelta(seconds=1)
WEEK = timedelta(days=7)
SHA = "ab" * 32


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[asyncpg.Pool]:
    async with database.pool("bot_status_system") as pool:
        yield pool


async def store_meeting(pool: asyncpg.Pool, recording: Recording | None = None) -> None:
    wish = Wish(
        intent_id=IntentId(str(uuid4())),
        owner=Owner("user:anna"),
        meet_url="",
        bot_name="",
        language="ru",
    )
    bot = new_bot(wish, "UTC", "", bot_id=BotId(uuid4().hex), state=BotState.CONNECTED)
    await PostgresMeetings(pool, everything(pool), SOON).create(bot, Media(recording=recording))


async def test_what_is_old_is_forgotten_and_what_is_young_stays(pool: asyncpg.Pool) -> None:
    bots = PostgresBots(pool, everything(pool), SOON)
    await store_meeting(pool)
    await store_meeting(pool)
    await pool.execute(
        "UPDATE bot_status.bots SET changed_at = now() - interval '8 days'"
        " WHERE intent_id = (SELECT min(intent_id::text)::uuid FROM bot_status.bots)"
    )
    for key in ("old", "young"):
        assert await bots.take_webhook("attendee", Webhook(key=key, external=External("b")))
    await pool.execute(
        "UPDATE bot_status.webhooks SET created_at = now() - interval '8 days' WHERE key = 'old'"
    )
    await bots.clean_up(WEEK, WEEK)

    assert await pool.fetchval("SELECT count(*) FROM bot_status.bots") == 1
    assert await pool.fetchval("SELECT count(*) FROM bot_status.media") == 1
    assert not await bots.take_webhook("attendee", Webhook(key="young", external=None))
    assert await bots.take_webhook("attendee", Webhook(key="old", external=None))


async def test_a_recording_that_no_meeting_has_at_two_looks_is_deleted(pool: asyncpg.Pool) -> None:
    registry = recording_registry(pool, timedelta(0))
    kept = Recording(sha256=SHA, size_bytes=9, content_type="audio/wav", file_name="a.wav")
    deleted: list[str] = []

    async def delete(hashes: Sequence[str]) -> None:
        deleted.extend(hashes)

    await registry.register(SHA)
    await registry.register("cd" * 32)
    await store_meeting(pool, kept)
    assert (await registry.sweep_page(delete)).looked_at == 2
    assert not deleted
    await registry.sweep_page(delete)
    assert deleted == ["cd" * 32]


@pytest.mark.parametrize(
    ("owners", "rows"), [("user:anna", 1), ("user:olga", 0), ("*", 1), ("", 0)]
)
async def test_readers_see_the_rows_of_their_owners_alone(
    database: Database, pool: asyncpg.Pool, owners: str, rows: int
) -> None:
    await store_meeting(pool)
    async with (
        database.pool("bot_status_app") as app,
        app.acquire() as connection,
        connection.transaction(),
    ):
        await connection.execute("SELECT set_config('potok.owners', $1, true)", owners)
        for table in ("bots", "media"):
            assert await connection.fetchval(f"SELECT count(*) FROM bot_status.{table}") == rows
        assert await connection.fetchval("SELECT count(*) FROM bot_status.webhooks") == 0
