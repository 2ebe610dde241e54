"""A folder of recordings with a manifest as a source of calls."""

import asyncio
import contextlib
import errno
import os
import stat
from collections.abc import AsyncIterator, Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from zoneinfo import ZoneInfo

from services.call_sync.adapters.manifest import NAME, decode_manifest, parse_manifest
from services.call_sync.domain import (
    CallFacts,
    FetchFailed,
    NotAllowed,
    NotAudio,
    RecordingMissing,
    SourceInvalid,
    SourceUnavailable,
)
from services.call_sync.ports import Fetched
from services.status.domain import DateRange

_PAGE = 500
_CHUNK_BYTES = 1 << 20
_MAX_MANIFEST_BYTES = 64 << 20


class _LeadsOut(Exception):
    """The name, followed through its links, lies outside the folder."""


class _NoFile(Exception):
    """The name is a folder, a device or a pipe."""


class FolderSource:
    """Implements CallSource; a location is the absolute path of the folder."""

    async def list_calls(
        self, location: str, days: DateRange, time_zone: str
    ) -> AsyncIterator[Sequence[CallFacts]]:
        """Yield the calls that the manifest has on the days; the whole manifest must be sound."""
        calls = await asyncio.to_thread(_list, location, days, time_zone)
        for start in range(0, len(calls), _PAGE):
            yield calls[start : start + _PAGE]

    @contextlib.asynccontextmanager
    async def fetch(self, location: str, link: str) -> AsyncIterator[Fetched]:
        """Open a file of the folder."""
        name = PurePosixPath(link).name
        file = await asyncio.to_thread(_open_recording, location, link)
        try:
            yield Fetched(file_name=name, chunks=_chunks(file, name))
        finally:
            file.close()


def _list(location: str, days: DateRange, time_zone: str) -> list[CallFacts]:
    zone = _zone(time_zone)
    calls = parse_manifest(decode_manifest(_read_manifest(location)), zone)
    return [call for call in calls if days.start <= call.day <= days.end]


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise SourceInvalid(
            f"time zone {name!r} is not known; write an IANA name such as Europe/Moscow"
        ) from None


def _read_manifest(location: str) -> bytes:
    if not Path(location).is_absolute():
        raise SourceInvalid(f"source: {location!r} is no absolute path; write folder:/…")
    if not Path(location).is_dir():
        raise SourceInvalid(f"source: there is no folder {location}; create it, or name another")
    try:
        with _open(location, NAME) as file:
            content = file.read(_MAX_MANIFEST_BYTES + 1)
    except FileNotFoundError:
        raise SourceInvalid(
            f"{location} has no {NAME}: put a manifest there that lists the recordings"
        ) from None
    except (_LeadsOut, _NoFile):
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
        return _open(location, link)
    except FileNotFoundError:
        raise RecordingMissing(
            f"{name} stands in {NAME} but not in the folder: add the file, or empty the field"
        ) from None
    except _LeadsOut:
        raise NotAllowed(f"{name} leads out of the folder: put the file itself there") from None
    except _NoFile:
        raise NotAudio(f"{name} is no file") from None
    except OSError as error:
        raise FetchFailed(f"{name} cannot be read: {error.strerror}") from error


def _open(folder: str, name: str) -> BinaryIO:
    """Open a regular file that lies, all links followed, inside the folder.

    Raises _LeadsOut, _NoFile, OSError. Neither a pipe nor a link put there after the check is followed.
    """
    root = Path(folder).resolve()
    try:
        path = (root / name).resolve()
    except RuntimeError:  # links in a circle
        raise _LeadsOut from None
    if not path.is_relative_to(root):
        raise _LeadsOut
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ENOTDIR, errno.ENAMETOOLONG):
            raise FileNotFoundError(name) from None
        raise
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise _NoFile
    return os.fdopen(number, "rb")


async def _chunks(file: BinaryIO, name: str) -> AsyncIterator[bytes]:
    while True:
        try:
            chunk = await asyncio.to_thread(file.read, _CHUNK_BYTES)
        except OSError as error:
            raise FetchFailed(f"{name} cannot be read: {error.strerror}") from error
        if not chunk:
            return
        yield chunk
