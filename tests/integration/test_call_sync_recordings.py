import hashlib
import os
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from services.call_sync.adapters.recordings import PIECE_BYTES, ObjectRecordings, open_store
from services.call_sync.domain import (
    NotAudio,
    Recording,
    RecordingNotFound,
    StoreUnavailable,
    TooLarge,
)
from services.call_sync.ports import Fetched
from tests.fakes.call_sync import WAV, chunks


@pytest.fixture
def recordings(tmp_path: Path) -> ObjectRecordings:
    return ObjectRecordings(open_store(f"file://{tmp_path}/kept"), max_bytes=1_000_000)


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


async def test_a_bucket_keeps_recordings_the_same_way() -> None:
    recordings = ObjectRecordings(MemoryStore(), max_bytes=1_000_000)
    content = WAV + os.urandom(700_000)

    pieces = await read(recordings, await recordings.keep(fetched(content)))

    assert b"".join(pieces) == content
    assert max(map(len, pieces)) <= PIECE_BYTES
