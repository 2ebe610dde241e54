"""The folders of the local system, for its data and logs, and the user that Postgres enters them as."""

import hashlib
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]

_LONGEST_HOME = 80
"""Characters; the supervisor's socket lies inside, and a Unix socket's path ends at 107 bytes."""


OPEN = "postgres-"
"""How the names of programs begin that another user runs: nothing of theirs is secret."""


class LocalError(Exception):
    """What keeps the local system from running; its text tells the user what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OsUser:
    """A user of this machine."""

    uid: int
    gid: int


def database_user() -> OsUser:
    """Return who Postgres runs as: ourselves, or `nobody` when we are root, which it refuses."""
    if os.geteuid():
        return OsUser(uid=os.geteuid(), gid=os.getegid())
    nobody = pwd.getpwnam("nobody")
    return OsUser(uid=nobody.pw_uid, gid=nobody.pw_gid)


def open_to(user: OsUser, path: Path) -> bool:
    """Say whether `user` may enter every folder down to `path`, and enter or execute `path`."""
    return all(_may_execute(user, step.stat()) for step in (path, *path.parents))


def _may_execute(user: OsUser, found: os.stat_result) -> bool:
    if found.st_uid == user.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == user.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def data_home(checkout: Path = CHECKOUT) -> Path:
    """Return the folder of this checkout's data, made when absent.

    It is `.potok` in the checkout, or a folder of its own under /var/tmp where a parent is closed
    to the user Postgres runs as, or where the path is too long for a socket.

    Raises LocalError when the folder under /var/tmp is somebody else's.
    """
    home = checkout / ".potok"
    closed = not os.geteuid() and not open_to(database_user(), checkout)
    if closed or len(str(home)) > _LONGEST_HOME:
        digest = hashlib.sha256(f"{os.geteuid()}:{checkout}".encode()).hexdigest()
        home = Path("/var/tmp", f"potok-{digest[:12]}")  # noqa: S108 - ownership is checked below
    return own_folder(home)


def own_folder(folder: Path) -> Path:
    """Make `folder`, which others may at most pass through, and return it.

    Raises LocalError when it exists and is not a folder of ours.
    """
    folder.mkdir(exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise LocalError(f"{folder} belongs to somebody else: remove it, or run as its owner")
    # Whatever the umask is: where we are root, Postgres is another user.
    folder.chmod(0o700 if os.geteuid() else 0o711)
    return folder


def close(home: Path) -> None:
    """Close to others what lies in `home` and is ours: it may be older than the mask we run with."""
    for each in home.iterdir():
        found = each.lstat()
        if found.st_uid == os.geteuid() and not each.name.startswith(OPEN):
            if stat.S_ISDIR(found.st_mode):
                each.chmod(0o700)
            elif stat.S_ISREG(found.st_mode):
                each.chmod(0o600)


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read; it is there whole or not."""
    scratch = file.with_name(f"{file.name}.new")
    scratch.unlink(missing_ok=True)
    with os.fdopen(os.open(scratch, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
        out.write(text)
    scratch.replace(file)


def log_folder(checkout: Path = CHECKOUT) -> Path:
    """Return the folder of the local system's logs, made when absent."""
    folder = checkout / ".potok" / "logs"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def tail(log: Path, lines: int = 20) -> str:
    """Return the last `lines` lines of a log, or a word that there are none."""
    if not log.is_file():
        return f"({log} was never written)"
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 16_384))
        last = file.read().decode(errors="replace").splitlines()[-lines:]
    return "\n".join(last) or f"({log} is empty)"
