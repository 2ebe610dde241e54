"""The audio files of a folder: opened without being led out of it, and listed as calls."""

import errno
import os
import stat
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from services.call_sync.adapters.manifest import NAME, file_id
from services.call_sync.domain import CallFacts, Direction, SourceInvalid, SourceUnavailable
from services.recordings.audio import HEAD_BYTES, sound_start
from services.recordings.download import LEAST_BYTES

_MOST_FILES = 10_000
"""Files of a folder without a manifest, audio or not."""
_SOUND_NAMES = frozenset(
    ".mp3 .wav .wave .ogg .oga .opus .m4a .mp4 .aac .amr .awb .flac .wma .webm .weba .gsm .aif .aiff .aifc .au .snd .caf "
    ".w64 .3gp .3ga .spx .ac3 .mka .pcm .raw .vox .alaw .ulaw .g729 .g711".split()
)
_PACKED = frozenset(
    ".gz .zip .bz2 .xz .7z .rar .zst .enc .gpg .part .partial .tmp .download .crdownload".split()
)
"""What follows the name of a recording that is packed, or has not come whole."""
_OTHER_FILES = (
    b"%PDF", b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"MZ", b"\x7fELF", b"SQLite format", b"\x1f\x8b",
    b"Rar!", b"7z\xbc\xaf", b"\xd0\xcf\x11\xe0", b"\xff\xfe", b"\xfe\xff",
)  # fmt: skip
"""How documents, pictures and programs begin, which people keep beside recordings."""


class LeadsOut(Exception):
    """The name, followed through its links, lies outside the folder."""


class NoFile(Exception):
    """The name is a folder, a device or a pipe."""


def open_inside(folder: str, name: str) -> BinaryIO:
    """Open a regular file that lies, all links followed, inside the folder; another spelling of its name will do.

    Raises LeadsOut, NoFile, OSError. Neither a pipe nor a link put there after the check is followed.
    """
    root = Path(folder).resolve()
    try:
        return _open(root, name)
    except FileNotFoundError:
        found = _spelled(root, name)
        if found is None:
            raise
        return _open(root, found)


def _spelled(root: Path, name: str) -> str | None:
    """Return the one file whose name is this but for case, blanks and how accents are composed; None where there is none.

    Systems differ in that: what a Mac writes in two characters, a list from Windows has in one, and programs that lists
    are copied from leave marks in them that nobody sees.
    """
    parts: list[str] = []
    for part in PurePosixPath(name).parts:
        try:
            there = [each.name for each in root.joinpath(*parts).iterdir()]
        except OSError:
            return None
        found = [each for each in there if each == part] or [
            each for each in there if _folded(each) == _folded(part)
        ]
        if len(found) != 1:
            return None
        parts += found
    return str(PurePosixPath(*parts)) if parts else None


def _folded(name: str) -> str:
    seen = "".join(each for each in name if unicodedata.category(each) != "Cf")
    return " ".join(unicodedata.normalize("NFKC", seen).split()).casefold()


def _open(root: Path, name: str) -> BinaryIO:
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

    It began when the file was written last, and is named by it. What looks meant, by its name or its size, is a call,
    too, and so is a folder that a link leads out to: fetching it says what is wrong. Links inside and hidden names are
    left out. Raises SourceInvalid where there
    are too many files or none with audio, SourceUnavailable.
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
        yield from _lost_folders(root, Path(parent), folders)
        for file in sorted(files):
            name = str(Path(parent, file).relative_to(root))
            if file.startswith("."):
                continue
            if Path(parent, file).is_symlink():
                if _is_named_sound(name) and _is_lost_link(root, name):
                    yield name, Path(parent, file).lstat()
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


def _lost_folders(
    root: Path, parent: Path, folders: list[str]
) -> Iterator[tuple[str, os.stat_result]]:
    """Yield the links among folders that lead out of the root: what is behind them is not listed."""
    for path in (parent / folder for folder in folders):
        name = str(path.relative_to(root))
        if path.is_symlink() and _is_lost_link(root, name):
            yield name, path.lstat()


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_named_sound(name: str) -> bool:
    path = PurePosixPath(name.lower())
    if path.suffix in _PACKED:
        path = path.with_suffix("")
    return path.suffix in _SOUND_NAMES


def _is_lost_link(root: Path, name: str) -> bool:
    """Whether a link leads out of the folder, or to nothing: what it leads to inside is listed by itself."""
    try:
        with open_inside(str(root), name):
            return False
    except (LeadsOut, OSError):
        return True
    except NoFile:
        return False


def _audio_status(folder: str, name: str) -> os.stat_result | None:
    """Return the status of a file that is audio or looks meant to be, None for any other."""
    try:
        with open_inside(folder, name) as file:
            head, status = file.read(HEAD_BYTES), os.fstat(file.fileno())
    except (NoFile, LeadsOut, FileNotFoundError):
        return None
    except PermissionError:
        return Path(folder, name).lstat()
    return status if sound_start(head) or _looks_meant(name, head, status.st_size) else None


def _looks_meant(name: str, head: bytes, size: int) -> bool:
    """Whether a file that does not begin like audio was put there as a recording: by its name, or large and no text."""
    if _is_named_sound(name):
        return True
    if size < LEAST_BYTES or head.lstrip().startswith(_OTHER_FILES):
        return False
    return b"\0" in head


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
