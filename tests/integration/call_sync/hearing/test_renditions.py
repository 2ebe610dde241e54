"""What is coded of a recording is made once, goes with it, and is made again where it is lost."""

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path

from services.call_sync.repository import recording_registry
from tests.conftest import Database
from tests.fakes.call_sync import kept_at
from tests.hearing import Hearing, a_tone, coded, path, running_hearing


def files(hearing: Hearing) -> int:
    return sum(each.is_file() for each in hearing.kept.rglob("*"))


async def test_it_is_coded_once_for_all_who_ask(hearing: Hearing, database: Database) -> None:
    await hearing.list(phone_au=coded("pcm_mulaw", samples=a_tone(9_000, seconds=30)))
    async with hearing.gateway.http() as http:
        answers = await asyncio.gather(
            *(http.get(path("phone", what)) for what in ("recording", "waveform") * 3)
        )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 2
    assert files(hearing) == 2
    async with database.pool("call_sync_system") as pool:
        assert await pool.fetchval("SELECT count(*) FROM call_sync.renditions") == 1


async def test_what_is_lost_is_made_again(hearing: Hearing) -> None:
    await hearing.list(phone_au=coded("pcm_mulaw"), plain_wav=coded("pcm_s16le"))
    async with hearing.gateway.http() as http:
        before = await http.get(path("phone"))
        etag = before.headers["etag"].strip('"')
        (hearing.kept / etag[:2] / etag[2:4] / etag).unlink()

        again = await http.get(path("phone"))
        assert (again.status_code, again.content) == (200, before.content)

        await http.get(path("plain"))
        shutil.rmtree(hearing.kept)
        for call_id in ("phone", "plain"):
            assert (await http.get(path(call_id))).status_code == 404


async def test_what_was_coded_is_deleted_with_its_recording(
    hearing: Hearing, database: Database
) -> None:
    await hearing.list(phone_au=coded("pcm_mulaw"))
    async with hearing.gateway.http() as http:
        await http.get(path("phone"))
    store = kept_at(f"file://{hearing.kept}")
    async with database.pool("call_sync_system") as pool:
        registry = recording_registry(pool, timedelta(0))

        async def sweep() -> int:
            await pool.execute("UPDATE call_sync.recordings SET look_at = now()")
            return (await registry.sweep_page(store.delete)).deleted

        assert [await sweep(), await sweep(), files(hearing)] == [0, 0, 2]
        await pool.execute("DELETE FROM call_sync.calls")
        assert [await sweep(), await sweep(), files(hearing)] == [0, 2, 0]
        assert await pool.fetchval("SELECT count(*) FROM call_sync.renditions") == 0


async def test_what_cannot_be_decoded_says_so_each_time(hearing: Hearing) -> None:
    await hearing.list(
        broken_wav=lambda file: file.write_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt " + b"\x07" * 5000),
        noise_mp3=lambda file: file.write_bytes(
            b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"\x55" * 9000
        ),
    )
    async with hearing.gateway.http() as http:
        for _ in range(2):
            for call_id in ("broken", "noise"):
                for what in ("recording", "waveform"):
                    answer = await http.get(path(call_id, what))
                    assert answer.status_code == 400
                    assert answer.json()["details"][0]["reason"] == "NOT_PLAYABLE"
        audit = await http.get("/api/v1/owners/client:clinic/recordings-audit")
        assert audit.json()["entries"] == []


async def test_what_takes_too_long_is_given_up(
    database: Database, free_port: int, tmp_path: Path
) -> None:
    limits = {"DECODING_TIMEOUT": "PT0.05S"}
    async with running_hearing(database, free_port, tmp_path, **limits) as hearing:
        await hearing.list(phone_au=coded("pcm_mulaw"))
        async with hearing.gateway.http() as http:
            answer = await http.get(path("phone"))
    assert (answer.status_code, answer.json()["message"]) == (
        400,
        "the recording takes too long to decode",
    )


async def test_what_is_too_long_is_not_decoded(
    database: Database, free_port: int, tmp_path: Path
) -> None:
    limits = {"LONGEST_HEARD": "PT1S"}
    async with running_hearing(database, free_port, tmp_path, **limits) as hearing:
        await hearing.list(phone_au=coded("pcm_mulaw"))
        async with hearing.gateway.http() as http:
            answer = await http.get(path("phone"))
    assert "lasts more than the 1 s" in answer.json()["message"]
