"""A folder of recordings as a source of calls, with a manifest or without."""

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from services.call_sync.adapters.audio_files import (
    LeadsOut,
    NoFile,
    list_audio_files,
    open_inside,
    written_ms,
)
from services.call_sync.adapters.manifest import NAME, decode_manifest, parse_manifest
from services.call_sync.domain import (
    CallFacts,
    CallId,
    SourceInvalid,
    SourceUnavailable,
    client_zone,
)
from services.recordings.audio import WAV_HEAD_BYTES, wav_seconds
from services.recordings.domain import Fetched, FetchFailed, NotAllowed, NotAudio, RecordingMissing
from services.status.domain import DateRange

_PAGE = 500
_CHUNK_BYTES = 1 << 20
_MAX_MANIFEST_BYTES = 64 << 20


class FolderSource:
    """Implements CallSource; a location is the absolute path of the folder.

    Without a manifest each audio file is a call of the time the file was written.
    """

    async def list_calls(
        self, location: str, days: DateRange, time_zone: str
    ) -> AsyncGenerator[Sequence[CallFacts], None]:
        """Yield the calls of the days; the whole manifest must be free of faults."""
        calls = await asyncio.to_thread(
            _list, location, time_zone, lambda call: days.start <= call.day <= days.end
        )
        for start in range(0, len(calls), _PAGE):
            yield calls[start : start + _PAGE]

    async def check(self, location: str) -> None:
        """Look whether the folder is there."""
        await asyncio.to_thread(_require_folder, location)

    async def list_locations(self) -> Sequence[str]:
        """Return nothing: any folder may be named."""
        return ()

    async def reread(
        self, location: str, call_ids: Sequence[CallId], time_zone: str
    ) -> Sequence[CallFacts]:
        """Read the whole folder again."""
        ids = frozenset(call_ids)
        return await asyncio.to_thread(_list, location, time_zone, lambda call: call.call_id in ids)

    @contextlib.asynccontextmanager
    async def fetch(self, location: str, link: str) -> AsyncIterator[Fetched]:
        """Open a file of the folder."""
        name = PurePosixPath(link).name
        file = await asyncio.to_thread(_open_recording, location, link)
        try:
            yield Fetched(file_name=name, chunks=_chunks(file, name))
        finally:
            file.close()


def _list(location: str, time_zone: str, filter_: Callable[[CallFacts], bool]) -> list[CallFacts]:
    zone = client_zone(time_zone)
    manifest = _read_manifest(location)
    if manifest is None:
        files = list_audio_files(location, zone)
        return [_measured(location, call) for call in files if filter_(call)]
    calls = parse_manifest(decode_manifest(manifest), zone)
    return [_measured(location, _versioned(location, call)) for call in calls if filter_(call)]


def _measured(location: str, call: CallFacts) -> CallFacts:
    """Return the call with the length of its recording, where nobody stated one and the file does."""
    if call.duration_seconds is not None or call.recording_link is None:
        return call
    try:
        with open_inside(location, call.recording_link) as file:
            size = os.fstat(file.fileno()).st_size
            return replace(call, duration_seconds=wav_seconds(file.read(WAV_HEAD_BYTES), size))
    except (LeadsOut, NoFile, OSError):
        return call  # fetching it says what is wrong


def _versioned(location: str, call: CallFacts) -> CallFacts:
    """Return the call with the time its file was written as its version, so that a replaced file is noticed."""
    if call.recording_link is None or call.merged_into:
        return call
    try:
        with open_inside(location, call.recording_link) as file:
            return replace(call, version=written_ms(os.fstat(file.fileno())))
    except (LeadsOut, NoFile, OSError):
        return call  # fetching it says what is wrong


def _require_folder(location: str) -> None:
    """Raise SourceInvalid where there is no such folder."""
    if not Path(location).is_absolute():
        raise SourceInvalid(f"source: {location!r} is no absolute path; write folder:/…")
    if not Path(location).is_dir():
        raise SourceInvalid(f"source: there is no folder {location}; create it, or name another")


def _read_manifest(location: str) -> bytes | None:
    """Return the manifest, None where there is none; raises SourceRefused."""
    _require_folder(location)
    try:
        with open_inside(location, NAME) as file:
            content = file.read(_MAX_MANIFEST_BYTES + 1)
    except FileNotFoundError:
        return None
    except (LeadsOut, NoFile):
        raise SourceInvalid(f"{NAME} is no file of {location}; put the file itself there") from None
    except PermissionError:
        raise SourceInvalid(f"{NAME} in {location} may not be read; give the right to") from None
    except OSError as error:
        raise SourceUnavailable(f"{NAME} in {location} cannot be read: {error.strerror}") from error
    if len(content) > _MAX_MANIFEST_BYTES:
        raise SourceInvalid(
            f"{NAME} is larger than {_MAX_MANIFEST_BYTES >> 20} MB; split the folder"
        )
    return content


def _open_recording(location: str, link: str) -> BinaryIO:
    name = PurePosixPath(link).name
    if not Path(location).is_dir():
        raise FetchFailed("the folder of the recordings is not there; is its disk mounted?")
    try:
        return open_inside(location, link)
    except FileNotFoundError:
        raise RecordingMissing(
            f"{name} is listed but not in the folder: add the file, or empty its field in {NAME}"
        ) from None
    except LeadsOut:
        raise NotAllowed(f"{name} leads out of the folder: put the file itself there") from None
    except NoFile:
        raise NotAudio(f"{name} is no file") from None
    except OSError as error:
        raise FetchFailed(f"{name} cannot be read: {error.strerror}") from error


async def _chunks(file: BinaryIO, name: str) -> AsyncIterator[bytes]:
    while True:
        try:
            chunk = await asyncio.to_thread(file.read, _CHUNK_BYTES)
        except OSError as error:
            raise FetchFailed(f"{name} cannot be read: {error.strerror}") from error
        if not chunk:
            return
        yield chunk
