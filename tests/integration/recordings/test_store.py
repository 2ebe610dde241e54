"""The store of recordings: in a directory, and in a bucket of a server that speaks S3."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.request import Request, urlopen
from uuid import uuid4

import asyncpg
import obstore
import pytest
from moto.server import ThreadedMotoServer
from obstore.store import ObjectStore

from services.call_sync.domain import CallId
from services.call_sync.repository import PostgresCalls, recording_registry
from services.recordings.domain import (
    Fetched,
    NotAudio,
    Recording,
    RecordingNotFound,
    StoreUnavailable,
    TooLarge,
)
from services.recordings.repository import PAGE_SIZE, RecordingRegistry
from services.recordings.store import PIECE_BYTES, ObjectRecordings, open_store
from services.status.domain import ExecutionNumber, Owner
from tests.builders.call_sync import WAV, a_call, a_recording
from tests.conftest import Database
from tests.fakes.call_sync import FakeRecordings, chunks, kept_at
from tests.identity import everything
from tests.waiting import PATIENCE, in_time, until

CLINIC, OTHER = Owner("client:clinic"), Owner("client:other")
FIRST = ExecutionNumber(1)
GRACE = timedelta(days=7)
LOCKED = """
SELECT EXISTS (SELECT FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock')
"""


@pytest.fixture
def recordings(tmp_path: Path) -> ObjectRecordings:
    return kept_at(f"file://{tmp_path}/kept")


@pytest.fixture(scope="module")
def s3_port() -> Iterator[int]:
    """Return the port of a server that speaks S3, with a bucket called `kept`."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    with urlopen(Request(f"http://127.0.0.1:{port}/kept", method="PUT"), timeout=PATIENCE):
        yield port
    server.stop()


@pytest.fixture
def bucket(s3_port: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the address of a folder in the bucket; the environment of a service says how the bucket is reached."""
    set_aws(monkeypatch, f"http://127.0.0.1:{s3_port}")
    return f"s3://kept/{uuid4().hex}/calls"


def set_aws(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")


def fetched(*pieces: bytes) -> Fetched:
    return Fetched(file_name="a.wav", chunks=chunks(*pieces))


async def read(recordings: ObjectRecordings, recording: Recording) -> list[bytes]:
    return [piece async for piece in recordings.read(recording)]


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def only_file(folder: Path) -> Path:
    [path] = files(folder)
    return folder / path


async def test_a_recording_is_kept_under_its_hash_and_read_in_pieces(
    recordings: ObjectRecordings, tmp_path: Path
) -> None:
    content = WAV + os.urandom(700_000)

    kept = await recordings.keep(fetched(content[:10], content[10:]))

    sha256 = hashlib.sha256(content).hexdigest()
    assert kept == Recording(
        sha256=sha256, size_bytes=len(content), content_type="audio/wav", file_name="a.wav"
    )
    assert files(tmp_path / "kept") == {f"{sha256[:2]}/{sha256[2:4]}/{sha256}": content}
    pieces = await read(recordings, kept)
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) <= PIECE_BYTES


async def test_the_same_bytes_are_kept_once(recordings: ObjectRecordings, tmp_path: Path) -> None:
    first = await recordings.keep(fetched(WAV))
    path = only_file(tmp_path)
    inode = path.stat().st_ino

    assert await recordings.keep(fetched(WAV)) == first
    assert path.stat().st_ino == inode


@pytest.mark.parametrize("left", [b"", WAV[:-1]])
async def test_what_a_power_cut_left_is_not_served_and_is_replaced(
    recordings: ObjectRecordings, tmp_path: Path, left: bytes
) -> None:
    kept = await recordings.keep(fetched(WAV))
    path = only_file(tmp_path)
    path.write_bytes(left)

    with pytest.raises(RecordingNotFound, match="mode ALL"):
        await read(recordings, kept)
    await recordings.keep(fetched(WAV))

    assert b"".join(await read(recordings, kept)) == WAV


async def test_a_lost_recording_is_not_found(recordings: ObjectRecordings, tmp_path: Path) -> None:
    kept = await recordings.keep(fetched(WAV))
    path = only_file(tmp_path)
    path.unlink()

    with pytest.raises(RecordingNotFound, match="mode ALL"):
        await read(recordings, kept)


async def test_what_is_no_audio_or_too_large_is_refused_and_leaves_nothing(
    recordings: ObjectRecordings, tmp_path: Path
) -> None:
    with pytest.raises(NotAudio):
        await recordings.keep(fetched(b"<html>", b"log in</html>"))
    with pytest.raises(NotAudio):
        await recordings.keep(fetched())
    with pytest.raises(TooLarge):
        await recordings.keep(fetched(WAV, bytes(1_000_000)))

    assert files(tmp_path / "kept") == {}


async def test_the_limit_itself_is_allowed(recordings: ObjectRecordings) -> None:
    kept = await recordings.keep(fetched(WAV, bytes(1_000_000 - len(WAV))))

    assert kept.size_bytes == 1_000_000


async def test_a_store_that_cannot_be_written_is_unavailable_and_tells_no_address(
    recordings: ObjectRecordings, tmp_path: Path
) -> None:
    (tmp_path / "kept").rmdir()
    (tmp_path / "kept").write_text("in the way")

    with pytest.raises(StoreUnavailable) as raised:
        await recordings.keep(fetched(WAV))

    assert str(tmp_path) not in str(raised.value)


def test_a_store_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StoreUnavailable, match="file/kept cannot be opened"):
        open_store(f"file://{tmp_path}/file/kept")


async def test_a_bucket_keeps_recordings_the_same_way(bucket: str) -> None:
    recordings = kept_at(bucket)
    content = WAV + os.urandom(700_000)

    kept = await recordings.keep(fetched(content))
    assert await kept_at(bucket).keep(fetched(content)) == kept

    pieces = await read(recordings, kept)
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) <= PIECE_BYTES
    with pytest.raises(RecordingNotFound):
        await read(recordings, a_recording(b"another"))


async def test_a_bucket_takes_a_recording_in_parts(bucket: str) -> None:
    recordings = kept_at(bucket, max_bytes=20_000_000)
    content = WAV + os.urandom(12_000_000)

    kept = await recordings.keep(fetched(content))

    assert b"".join(await read(recordings, kept)) == content


async def test_a_bucket_that_is_away_is_unavailable_and_tells_no_secret(
    monkeypatch: pytest.MonkeyPatch, free_port: int
) -> None:
    set_aws(monkeypatch, f"http://127.0.0.1:{free_port}")
    recordings = kept_at("s3://kept/calls")

    with pytest.raises(StoreUnavailable) as raised:
        await recordings.keep(fetched(WAV))
    with pytest.raises(StoreUnavailable):
        await recordings.delete([a_recording().sha256])

    assert str(raised.value) == "the store of recordings does not answer"


@pytest.fixture(params=["directory", "bucket"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectRecordings:
    """Return each kind of store in turn."""
    if request.param == "directory":
        return kept_at(f"file://{tmp_path}/kept")
    return kept_at(str(request.getfixturevalue("bucket")))


async def test_recordings_are_deleted_whether_they_are_there_or_not(
    either: ObjectRecordings,
) -> None:
    one, other = [await either.keep(fetched(WAV + end)) for end in (b"1", b"2")]

    await either.delete(["0" * 64, one.sha256])
    await either.delete([one.sha256])

    with pytest.raises(RecordingNotFound):
        await read(either, one)
    assert b"".join(await read(either, other)) == WAV + b"2"


async def test_recordings_are_deleted_together_since_a_sweep_holds_their_rows_meanwhile(
    recordings: ObjectRecordings, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = [await recordings.keep(fetched(WAV + end)) for end in (b"1", b"2", b"3")]
    delete, all_of_them = obstore.delete_async, asyncio.Barrier(len(kept))

    async def delete_slowly(store: ObjectStore, key: str) -> None:
        await all_of_them.wait()
        await delete(store, key)

    monkeypatch.setattr(obstore, "delete_async", delete_slowly)
    async with in_time("all are deleted at once"):
        await recordings.delete([recording.sha256 for recording in kept])

    for recording in kept:
        with pytest.raises(RecordingNotFound):
            await read(recordings, recording)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweeping:
    """A store whose recordings are registered, and the calls that have them."""

    pool: asyncpg.Pool
    recordings: ObjectRecordings
    calls: PostgresCalls
    registry: RecordingRegistry

    async def keep(self, content: bytes, *call_ids: tuple[Owner, str]) -> Recording:
        """Keep a recording and give it to calls."""
        recording = await self.recordings.keep(fetched(WAV + content))
        for owner, call_id in call_ids:
            await self.calls.upsert_calls(owner, FIRST, [a_call(call_id)])
            await self.calls.set_recordings(self.pool, owner, [(CallId(call_id), recording)])
        return recording

    async def sweep(self) -> None:
        await self.registry.sweep(self.recordings.delete)

    async def pass_grace(self) -> None:
        """Let all that was registered become due."""
        await self.pool.execute(
            "UPDATE call_sync.recordings SET look_at = look_at - $1::interval", GRACE
        )

    async def is_kept(self, recording: Recording) -> bool:
        try:
            return bool(await read(self.recordings, recording))
        except RecordingNotFound:
            return False


@pytest.fixture
async def sweeping(database: Database, tmp_path: Path) -> AsyncIterator[Sweeping]:
    async with database.pool("call_sync_system") as pool:
        registry = recording_registry(pool, GRACE)
        recordings = kept_at(f"file://{tmp_path}/kept", register=registry.register)
        yield Sweeping(
            pool=pool,
            recordings=recordings,
            calls=PostgresCalls(pool, everything(pool)),
            registry=registry,
        )


async def test_a_recording_goes_once_no_call_of_anybody_has_had_it_for_the_grace(
    sweeping: Sweeping,
) -> None:
    shared = await sweeping.keep(b"shared", (CLINIC, "a"), (OTHER, "a"))
    replaced = await sweeping.keep(b"replaced", (CLINIC, "b"))
    taken = await sweeping.keep(b"taken", (CLINIC, "b"))
    orphan = await sweeping.keep(b"orphan")
    await sweeping.calls.delete_calls(sweeping.pool, CLINIC, [CallId("a")])

    async def kept() -> list[bool]:
        return [await sweeping.is_kept(r) for r in (shared, replaced, taken, orphan)]

    await sweeping.sweep()
    assert await kept() == [True, True, True, True]
    await sweeping.pass_grace()
    await sweeping.sweep()
    await sweeping.sweep()
    assert await kept() == [True, True, True, True]
    await sweeping.pass_grace()
    await sweeping.sweep()
    assert await kept() == [True, False, True, False]

    await sweeping.calls.delete_calls(sweeping.pool, OTHER, [CallId("a")])
    await sweeping.pass_grace()
    await sweeping.sweep()
    assert await kept() == [True, False, True, False]
    await sweeping.pass_grace()
    await sweeping.sweep()
    assert await kept() == [False, False, True, False]
    count = await sweeping.pool.fetchval("SELECT count(*) FROM call_sync.recordings")
    assert count == 1


async def test_a_recording_that_comes_again_is_as_good_as_new(sweeping: Sweeping) -> None:
    recording = await sweeping.keep(b"1")
    await sweeping.pass_grace()
    await sweeping.sweep()
    await sweeping.pass_grace()

    await sweeping.keep(b"1")
    await sweeping.sweep()
    await sweeping.pass_grace()
    await sweeping.sweep()

    assert await sweeping.is_kept(recording)


async def test_a_recording_whose_call_is_stored_late_stays(sweeping: Sweeping) -> None:
    recording = await sweeping.keep(b"1")
    await sweeping.pass_grace()
    await sweeping.sweep()
    await sweeping.calls.upsert_calls(CLINIC, FIRST, [a_call("a")])
    await sweeping.calls.set_recordings(sweeping.pool, CLINIC, [(CallId("a"), recording)])
    await sweeping.pass_grace()
    await sweeping.sweep()

    assert await sweeping.is_kept(recording)


async def test_a_recording_that_comes_again_while_it_is_deleted_is_stored_anew(
    sweeping: Sweeping,
) -> None:
    recording = await sweeping.keep(b"1")
    await sweeping.pass_grace()
    await sweeping.sweep()
    await sweeping.pass_grace()
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def delete(hashes: Sequence[str]) -> None:
        begun.set()
        await go_on.wait()
        await sweeping.recordings.delete(hashes)

    turn = asyncio.create_task(sweeping.registry.sweep_page(delete))
    await begun.wait()
    async with in_time("a sweep of another process finds nothing"):
        await sweeping.sweep()
    again = asyncio.create_task(sweeping.keep(b"1"))
    await until(lambda: sweeping.pool.fetchval(LOCKED), "the keeping waits for the sweep")
    go_on.set()

    assert (await turn).deleted == 1
    assert await again == recording
    assert await sweeping.is_kept(recording)


async def test_a_store_that_is_away_leaves_the_rest_for_the_next_turn(sweeping: Sweeping) -> None:
    recording = await sweeping.keep(b"1")
    await sweeping.pass_grace()
    await sweeping.sweep()
    await sweeping.pass_grace()
    away = FakeRecordings()
    away.broken = StoreUnavailable("away")

    with pytest.raises(StoreUnavailable):
        await sweeping.registry.sweep(away.delete)
    assert await sweeping.is_kept(recording)
    await sweeping.sweep()

    assert not await sweeping.is_kept(recording)


async def test_one_turn_looks_at_many_pages(sweeping: Sweeping) -> None:
    hashes = [f"{n:064x}" for n in range(2 * PAGE_SIZE + 1)]
    await sweeping.pool.execute(
        "INSERT INTO call_sync.recordings (sha256, unused, look_at)"
        " SELECT sha256, true, now() FROM unnest($1::text[]) AS sha256",
        hashes,
    )

    await sweeping.sweep()

    assert await sweeping.pool.fetchval("SELECT count(*) FROM call_sync.recordings") == 0
