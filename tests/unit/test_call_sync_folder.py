import os
from datetime import date
from pathlib import Path

import pytest

from services.call_sync.adapters.folder import FolderSource
from services.call_sync.domain import (
    CallFacts,
    FetchFailed,
    NotAllowed,
    NotAudio,
    NotFetched,
    RecordingMissing,
    SourceInvalid,
)
from services.status.domain import DateRange

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
