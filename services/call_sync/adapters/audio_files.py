"""The audio files of a folder: opened without being led out of it, and listed as calls."""

import errno
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import BinaryIO

from services.call_sync.adapters.manifest import NAME, file_id
from services.call_sync.domain import CallFacts, Direction, SourceInvalid, SourceUnavailable
from services.recordings.audio import HEAD_BYTES, content_type

_MOST_FILES = 10_000
"""Files of a folder without a manifest, audio or not."""


class LeadsOut(Exception):
    """The name, followed through its links, lies outside the folder."""


class NoFile(Exception):
    """The name is a folder, a device or a pipe."""


def open_inside(folder: str, name: str) -> BinaryIO:
    """Open a regular file that lies, all links followed, inside the folder.

    Raises LeadsOut, NoFile, OSError. Neither a pipe nor a link put there after the check is followed.
    """
    root = Path(folder).resolve()
    try:
        path = (root / name).resolve()
    except RuntimeError:  # links in a circle
        raise LeadsOut from None
    if not path.is_relative_to(root):
        raise LeadsOut
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ENOTDIR, errno.ENAMETOOLONG):
            raise FileNotFoundError(name) from None
        raise
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise NoFile
    return os.fdopen(number, "rb")


def list_audio_files(folder: str, time_zone: tzinfo) -> list[CallFacts]:
    """Return every audio file in a folder and those below as an answered call, in the order of their names.

    It began when the file was written last, and is named by it. Links and hidden names are left out. Raises
    SourceInvalid where there are too many files or none with audio, SourceUnavailable.
    """
    try:
        calls = [_call(name, status, time_zone) for name, status in _audio_files(Path(folder))]
    except OSError as error:
        raise SourceUnavailable(f"{folder} cannot be read: {error.strerror}") from error
    if not calls:
        raise SourceInvalid(
            f"{folder} holds neither {NAME} nor audio: put a manifest there, or recordings"
        )
    return calls


def written_ms(status: os.stat_result) -> int:
    """Return when a file was written last, in milliseconds since 1970."""
    return status.st_mtime_ns // 1_000_000


def _audio_files(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    seen = 0
    for parent, folders, files in os.walk(root, onerror=_raise):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for file in sorted(files):
            name = str(Path(parent, file).relative_to(root))
            if file.startswith(".") or Path(parent, file).is_symlink():
                continue
            seen += 1
            if seen > _MOST_FILES:
                raise SourceInvalid(
                    f"{root} holds more than {_MOST_FILES} files: split it, or list them in {NAME}"
                )
            if not _is_text(name):
                raise SourceInvalid(f"{name!r} in {root} is not UTF-8: rename the file")
            if status := _audio_status(str(root), name):
                yield name, status


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _audio_status(folder: str, name: str) -> os.stat_result | None:
    """Return the status of a file that begins like audio, None for any other."""
    try:
        with open_inside(folder, name) as file:
            is_audio = content_type(file.read(HEAD_BYTES)) is not None
            return os.fstat(file.fileno()) if is_audio else None
    except (NoFile, LeadsOut, FileNotFoundError):
        return None
    except PermissionError:
        raise SourceInvalid(f"{name} in {folder} may not be read; give the right to") from None


def _call(name: str, status: os.stat_result, time_zone: tzinfo) -> CallFacts:
    started_at = datetime.fromtimestamp(status.st_mtime, UTC)
    return CallFacts(
        call_id=file_id(name),
        day=started_at.astimezone(time_zone).date(),
        started_at=started_at,
        direction=Direction.UNKNOWN,
        duration_seconds=None,
        employee="",
        contact="",
        answered=True,
        recording_link=name,
        version=written_ms(status),
    )


def _raise(error: OSError) -> None:
    raise error
