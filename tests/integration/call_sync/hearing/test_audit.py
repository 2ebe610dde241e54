"""Who hears recordings is kept, and who may not hears nothing."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from services.call_sync.audit import repository
from services.call_sync.audit.repository import PostgresAudit
from services.call_sync.domain import CallId
from services.kernel.postgres import load_queries
from services.status.domain import Owner
from tests.conftest import Database
from tests.gateway import token
from tests.hearing import Hearing, coded, path
from tests.identity import everything, seen_by
from tests.waiting import until

QUERIES = load_queries(repository.__file__)

AUDIT = "/api/v1/owners/client:clinic/recordings-audit"
CLINIC, CALL = Owner("client:clinic"), CallId("c1")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ONCE = timedelta(minutes=10)


async def test_a_hearing_is_kept_once_and_a_look_is_none(hearing: Hearing) -> None:
    await hearing.list(plain_wav=coded("pcm_s16le"), phone_au=coded("pcm_mulaw"))
    async with hearing.gateway.http() as anna, hearing.gateway.http(token(sub="boris")) as boris:
        await anna.get(path("plain", "waveform"))
        assert (await anna.get(AUDIT)).json()["entries"] == []

        await asyncio.gather(
            *(anna.get(path("plain"), headers={"range": f"bytes={n}-"}) for n in range(8))
        )
        refused = await anna.get(path("phone"), headers={"range": "bytes=999999999-"})
        assert refused.status_code == 416
        assert (await boris.get(path("plain"))).status_code == 200
        assert (await boris.get(path("phone"))).status_code == 200

        first = (await anna.get(AUDIT, params={"page_size": 2})).json()
        rest = await anna.get(AUDIT, params={"page_token": first["next_page_token"]})
        told = [*first["entries"], *rest.json()["entries"]]

    assert [(each["actor"], each["subject"]) for each in told] == [
        ("boris", "phone"),
        ("boris", "plain"),
        ("anna", "plain"),
    ]
    assert {(each["action"], each["owner"]) for each in told} == {
        ("AUDIT_ACTION_HEAR_RECORDING", "client:clinic")
    }


async def test_who_may_not_hears_nothing_and_leaves_no_line(hearing: Hearing) -> None:
    await hearing.list(plain_wav=coded("pcm_s16le"))
    stranger = token(sub="eve", clients=["other"])
    async with hearing.gateway.http(stranger) as eve, hearing.gateway.http("") as nobody:
        for what in (path("plain"), path("plain", "waveform"), AUDIT):
            assert (await eve.get(what)).status_code == 403
            assert (await nobody.get(what)).status_code == 401
        for theirs in ("recording", "waveform"):
            assert (await eve.get(path("plain", theirs, "other"))).status_code == 404
    async with hearing.gateway.http() as anna:
        assert (await anna.get(path("unknown"))).status_code == 404
        assert (await anna.get(AUDIT)).json()["entries"] == []


async def test_it_is_kept_again_after_ten_minutes(database: Database) -> None:
    async with database.pool("call_sync_system") as pool:
        audit = PostgresAudit(pool, everything(pool))
        for minutes in (0, 9, 11, 12):
            at = NOON + timedelta(minutes=minutes)
            await audit.keep_hearing(CLINIC, CALL, "anna", at, ONCE)
        found = await audit.list_audit_entries(CLINIC, None, 10)

    assert [each.at - NOON for each in found] == [timedelta(minutes=11), timedelta(0)]


async def test_of_two_who_keep_the_same_at_once_the_second_waits_for_the_first(
    database: Database,
) -> None:
    async with database.pool("call_sync_system") as pool:
        audit = PostgresAudit(pool, everything(pool))
        async with pool.acquire() as first, first.transaction():
            of = {"owner": CLINIC, "actor": "anna", "call_id": CALL}
            await QUERIES.lock_hearing(first, **of)
            await QUERIES.keep_hearing(first, **of, at=NOON, since=NOON - ONCE)
            second = asyncio.create_task(audit.keep_hearing(CLINIC, CALL, "anna", NOON, ONCE))

            async def settled() -> bool:
                waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)"
                return second.done() or await pool.fetchval(waiting)

            await until(settled, "the second one has come to the lock")
        await second
        assert len(await audit.list_audit_entries(CLINIC, None, 10)) == 1


async def test_rows_of_others_cannot_be_seen_by_who_reads_as_a_caller(database: Database) -> None:
    async with (
        database.pool("call_sync_system") as pool,
        database.pool("call_sync_app") as readers,
    ):
        await PostgresAudit(pool, everything(pool)).keep_hearing(CLINIC, CALL, "anna", NOON, ONCE)
        await pool.execute(
            "INSERT INTO call_sync.recordings VALUES (repeat('a', 64), false, now())"
        )
        await pool.execute(
            "INSERT INTO call_sync.renditions VALUES (repeat('a', 64), '', NULL, NULL, NULL, 0, '{}')"
        )
        ours = PostgresAudit(pool, seen_by(readers, CLINIC))
        theirs = PostgresAudit(pool, seen_by(readers, Owner("client:other")))

        assert len(await ours.list_audit_entries(CLINIC, None, 10)) == 1
        assert await theirs.list_audit_entries(CLINIC, None, 10) == []
        assert await readers.fetchval("SELECT count(*) FROM call_sync.renditions") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await readers.execute("DELETE FROM call_sync.audit_entries")
