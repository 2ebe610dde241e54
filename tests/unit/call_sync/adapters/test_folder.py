import gzip
import io
import os
import unicodedata
import wave
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from services.call_sync.adapters.folder import FolderSource
from services.call_sync.domain import CallFacts, CallId, Direction, SourceInvalid
from services.recordings.domain import (
    FetchFailed,
    NotAllowed,
    NotAudio,
    NotFetched,
    RecordingMissing,
)
from services.status.domain import DateRange
from tests.builders.call_sync import WAV
from tests.fakes.call_sync import kept_at

MARCH = DateRange(start=date(2026, 3, 1), end=date(2026, 3, 31))
SOURCE = FolderSource()


async def listed(location: str | Path, time_zone: str = "Europe/Moscow") -> list[CallFacts]:
    pages = SOURCE.list_calls(str(location), MARCH, time_zone)
    return [call async for page in pages for call in page]


async def fetched(location: Path, link: str) -> bytes:
    async with SOURCE.fetch(str(location), link) as recording:
        return b"".join([chunk async for chunk in recording.chunks])


async def test_calls_of_the_days_are_listed(tmp_path: Path) -> None:
    rows = [
        ("early.wav", "2026-02-28T23:59:59"),
        ("first.wav", "2026-03-01T00:00:00"),
        ("last.wav", "2026-03-31T23:59:59"),
        ("late.wav", "2026-04-01T00:00:00"),
    ]
    lines = "\n".join(f"{file},{time}" for file, time in rows)
    (tmp_path / "calls.csv").write_text("file,start_time\n" + lines)

    calls = await listed(tmp_path)

    assert [call.recording_link for call in calls] == ["first.wav", "last.wav"]


def write(path: Path, content: bytes, written: str) -> None:
    """Write a file as if at that time in Moscow."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    at = datetime.fromisoformat(f"{written}+03:00").timestamp()
    os.utime(path, (at, at))


async def test_without_a_manifest_each_audio_file_of_the_days_is_a_call(tmp_path: Path) -> None:
    write(tmp_path / "b" / "+79990001122.ogg", b"OggS", "2026-03-01T00:00:01")
    write(tmp_path / "a.wav", WAV, "2026-03-31T23:59:59")
    write(tmp_path / "early.wav", WAV, "2026-02-28T23:59:59")
    write(tmp_path / "notes.txt", b"no audio at all", "2026-03-02T12:00:00")
    write(tmp_path / "scan.pdf", b"%PDF-1.7" + bytes(5000), "2026-03-02T12:00:00")
    write(tmp_path / ".hidden.wav", WAV, "2026-03-02T12:00:00")
    write(tmp_path / ".trash" / "c.wav", WAV, "2026-03-02T12:00:00")
    (tmp_path / "link.wav").symlink_to("a.wav")
    (tmp_path / "up").symlink_to("..")
    os.mkfifo(tmp_path / "pipe.wav")

    calls = await listed(tmp_path)

    assert calls == [
        CallFacts(
            call_id=call.call_id,
            day=day,
            started_at=started_at,
            direction=Direction.UNKNOWN,
            duration_seconds=None,
            employee="",
            contact="",
            answered=True,
            recording_link=file,
            version=int(started_at.timestamp() * 1000),
        )
        for call, file, day, started_at in zip(
            calls,
            ("a.wav", "b/+79990001122.ogg"),
            (date(2026, 3, 31), date(2026, 3, 1)),
            (
                datetime(2026, 3, 31, 20, 59, 59, tzinfo=UTC),
                datetime(2026, 2, 28, 21, 0, 1, tzinfo=UTC),
            ),
            strict=True,
        )
    ]
    assert len({call.call_id for call in calls}) == 2
    assert "79990001122" not in repr(calls)
    assert await fetched(tmp_path, "b/+79990001122.ogg") == b"OggS"


async def test_calls_keep_their_ids_when_a_manifest_comes_to_a_folder(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", WAV, "2026-03-01T12:00:00")
    [before] = await listed(tmp_path)

    (tmp_path / "calls.csv").write_text("file,start_time,employee\na.wav,2026-03-01T11:00,Anna")
    [after] = await listed(tmp_path)

    assert (after.call_id, after.version) == (before.call_id, before.version)
    assert after.employee == "Anna"


async def test_a_file_that_is_written_again_is_a_new_version_of_its_call(tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_text(
        "file,start_time\na.wav,2026-03-01T09:30\nlost.wav,2026-03-01T09:31\n,2026-03-01T09:32"
    )
    write(tmp_path / "a.wav", WAV, "2026-03-01T12:00:00")
    first = [call.version for call in await listed(tmp_path)]
    write(tmp_path / "a.wav", WAV, "2026-03-01T12:00:01")
    second = [call.version for call in await listed(tmp_path)]

    assert second[0] == first[0] + 1000
    assert first[1:] == second[1:] == [0, 0]


async def test_calls_are_read_again_by_their_ids_whatever_their_days(tmp_path: Path) -> None:
    rows = ("a,,2026-03-01T09:30", "b,,2027-01-01T09:30", "c,,2026-03-01T09:31")
    (tmp_path / "calls.csv").write_text("\n".join(("call_id,file,start_time", *rows)))

    ids = [CallId("b"), CallId("a"), CallId("gone")]
    calls = await SOURCE.reread(str(tmp_path), ids, "Europe/Moscow")

    assert [call.call_id for call in calls] == ["a", "b"]


async def test_a_folder_with_too_many_files_or_a_name_that_is_no_text_says_so(
    tmp_path: Path,
) -> None:
    (tmp_path / os.fsdecode(b"\xff.wav")).write_bytes(WAV)
    with pytest.raises(SourceInvalid, match="is not UTF-8: rename"):
        await listed(tmp_path)

    many = tmp_path / "many"
    many.mkdir()
    (many / "0").touch()
    for n in range(1, 10_001):
        os.link(many / "0", many / str(n))
    with pytest.raises(SourceInvalid, match="more than 10000 files: split it"):
        await listed(many)


async def test_many_calls_come_in_pages(tmp_path: Path) -> None:
    lines = "\n".join(f"{n}.wav,2026-03-01T00:00" for n in range(1, 1202))
    (tmp_path / "calls.csv").write_text("file,start_time\n" + lines)

    pages = [page async for page in SOURCE.list_calls(str(tmp_path), MARCH, "UTC")]

    assert [len(page) for page in pages] == [500, 500, 201]


async def test_a_folder_that_cannot_be_listed_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SourceInvalid, match="put a manifest there, or recordings"):
        await listed(tmp_path)
    with pytest.raises(SourceInvalid, match="there is no folder"):
        await listed(tmp_path / "none")
    with pytest.raises(SourceInvalid, match="no absolute path"):
        await listed("recordings")
    (tmp_path / "calls.csv").mkdir()
    with pytest.raises(SourceInvalid, match=r"calls\.csv is no file"):
        await listed(tmp_path)


@pytest.mark.parametrize("time_zone", ["Mars/Olympus", "../../etc/passwd", "America", ""])
async def test_a_time_zone_that_is_not_known_is_named(tmp_path: Path, time_zone: str) -> None:
    (tmp_path / "calls.csv").write_text("file,start_time\n")

    with pytest.raises(SourceInvalid, match="IANA name"):
        await listed(tmp_path, time_zone)


async def test_a_manifest_that_leads_out_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("password")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "calls.csv").symlink_to(tmp_path / "secret")

    with pytest.raises(SourceInvalid) as raised:
        await listed(inside)

    assert "password" not in str(raised.value)


async def test_a_manifest_over_the_limit_is_refused(tmp_path: Path) -> None:
    manifest = tmp_path / "calls.csv"
    manifest.touch()
    os.truncate(manifest, (64 << 20) + 1)

    with pytest.raises(SourceInvalid, match="larger than 64 MB"):
        await listed(tmp_path)


async def test_a_recording_is_read_whole_also_through_a_link_inside(tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    (tmp_path / "звонки").mkdir()
    (tmp_path / "звонки" / "звонок.wav").write_bytes(content)
    (tmp_path / "linked.wav").symlink_to("звонки/звонок.wav")

    assert await fetched(tmp_path, "звонки/звонок.wav") == content
    assert await fetched(tmp_path, "linked.wav") == content


async def test_a_recording_that_is_not_there_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()

    for link in ("b.wav", "a.wav/c.wav", "x" * 300 + ".wav"):
        with pytest.raises(RecordingMissing, match="add the file"):
            await fetched(tmp_path, link)


async def test_no_link_leads_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.wav").write_bytes(b"RIFF")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "file.wav").symlink_to(tmp_path / "secret.wav")
    (inside / "up").symlink_to(tmp_path)
    (inside / "circle.wav").symlink_to("circle.wav")
    beside = tmp_path / "inside2"
    beside.mkdir()
    (beside / "a.wav").write_bytes(b"RIFF")

    links = ("file.wav", "up/secret.wav", "../secret.wav", "../inside2/a.wav", "circle.wav")
    for link in (*links, str(tmp_path / "secret.wav")):
        with pytest.raises(NotAllowed):
            await fetched(inside, link)


async def test_a_pipe_or_a_folder_is_no_audio_and_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "folder.wav").mkdir()

    for link in ("pipe.wav", "folder.wav"):
        with pytest.raises(NotAudio):
            await fetched(tmp_path, link)


async def test_a_folder_that_went_away_is_tried_again(tmp_path: Path) -> None:
    with pytest.raises(FetchFailed) as raised:
        await fetched(tmp_path / "unmounted", "a.wav")

    assert isinstance(raised.value, NotFetched)


def a_wav_of(seconds: int) -> bytes:
    """Return a WAV file of silence."""
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(b"\0\0" * 8000 * seconds)
    return content.getvalue()


async def test_a_call_is_as_long_as_its_wav_where_nobody_says_so(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", a_wav_of(3), "2026-03-02T12:00:00")
    write(tmp_path / "b.wav", a_wav_of(5)[:-8000], "2026-03-02T12:00:01")
    write(tmp_path / "c.ogg", b"OggS", "2026-03-02T12:00:02")

    assert [call.duration_seconds for call in await listed(tmp_path)] == [3.0, 4.5, None]

    (tmp_path / "calls.csv").write_text(
        "file,start_time,duration_seconds\n"
        "a.wav,2026-03-02T12:00:00,\n"
        "b.wav,2026-03-02T12:00:00,7\n"
        "gone.wav,2026-03-02T12:00:00,\n"
    )
    lengths = {call.recording_link: call.duration_seconds for call in await listed(tmp_path)}
    assert lengths == {"a.wav": 3.0, "b.wav": 7.0, "gone.wav": None}


async def test_what_looks_meant_is_a_call_that_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    (tmp_path / "secret.wav").write_bytes(WAV)
    inside = tmp_path / "inside"
    for name, content in (
        ("empty.mp3", b""),
        ("page.WAV", b"<html>"),
        ("raw.pcm", b"text"),
        ("record-0017", bytes(range(256)) * 20),
        ("a.wav.gz", gzip.compress(WAV)),
        ("b.MP3.part", b""),
        ("c.wav.txt", b"what was said"),
        ("d.gz", gzip.compress(b"notes")),
    ):
        write(inside / name, content, "2026-03-02T12:00:00")
    (inside / "out.wav").symlink_to(tmp_path / "secret.wav")
    (inside / "march").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    for link in ("out.wav", "march"):
        os.utime(inside / link, (1772442000, 1772442000), follow_symlinks=False)

    links = [call.recording_link or "" for call in await listed(inside)]

    bad = ["a.wav.gz", "b.MP3.part", "empty.mp3", "page.WAV", "raw.pcm", "record-0017"]
    assert sorted(links) == sorted([*bad, "march", "out.wav"])
    for link in ("out.wav", "march"):
        with pytest.raises(NotAllowed, match="leads out of the folder"):
            await fetched(inside, link)
    for link in bad:
        async with SOURCE.fetch(str(inside), link) as recording:
            with pytest.raises(NotAudio, match=link):
                await kept_at(f"file://{tmp_path}/kept").keep(recording)


@pytest.mark.parametrize(
    ("on_disk", "in_the_list"),
    [
        (unicodedata.normalize("NFD", "звонокй.wav"), unicodedata.normalize("NFC", "звонокй.wav")),
        (unicodedata.normalize("NFC", "Zoë.wav"), unicodedata.normalize("NFD", "Zoë.wav")),
        ("CALL.WAV", "call.wav"),
        ("call.wav", "Call.WAV"),
        ("my call.wav", "my\u00a0call.wav"),
        ("call.wav", "ca\u200bll.wav"),
        ("call\u00ad.wav", "call.wav"),
    ],
    ids=ascii,
)
async def test_a_file_is_found_however_its_name_is_spelled(
    tmp_path: Path, on_disk: str, in_the_list: str
) -> None:
    write(tmp_path / "März" / on_disk, WAV, "2026-03-01T12:00:00")
    (tmp_path / "Calls.CSV").write_text(f"file,start_time\nmärz/{in_the_list},2026-03-01T11:00\n")

    [call] = await listed(tmp_path)

    assert call.version
    assert await fetched(tmp_path, call.recording_link or "") == WAV


async def test_a_name_that_two_files_may_mean_is_neither(tmp_path: Path) -> None:
    (tmp_path / "a.WAV").write_bytes(WAV)
    (tmp_path / "A.wav").write_bytes(WAV)

    with pytest.raises(RecordingMissing):
        await fetched(tmp_path, "a.wav")
