"""What a program may know of its surroundings: its own settings, and nothing of the others'."""

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

MASK = 0o077
"""What others may not do with any file of ours: anything."""

PLAIN = (
    *(
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "SHELL",
        "TERM",
        "LANG",
        "LANGUAGE",
        "LC_*",
        "TZ",
        "TMPDIR",
    ),
    *("PYTHON*", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "COLUMNS"),
)
"""Names that every program may know, as shell patterns: they hold no secret."""
OUTSIDE = ("*_PROXY", "*_proxy", "SSL_CERT_*")
"""What those need who speak to the world."""
BY_SERVICE = {
    "call_sync": ("AWS_*",),
    "bot_status": ("AWS_*",),
    "transcription": ("HF_*", "OMP_*", "CT2_*", "XDG_CACHE_HOME"),
}
"""What a service reads beside its own settings."""


def names_of(part: str, *, service: bool) -> tuple[str, ...]:
    """Return the names that a part of the system may know, as patterns; `service` where it is one of ours."""
    own = f"POTOK_{part.upper()}_*"
    return (own, *OUTSIDE, *BY_SERVICE.get(part, ())) if service else (own,)


def foreign(environment: Iterable[str], names: Iterable[str]) -> list[str]:
    """Return the variables of `environment` that are neither plain nor match one of `names`."""
    patterns = (*PLAIN, *names)
    return sorted(
        name for name in environment if not any(fnmatchcase(name, each) for each in patterns)
    )


@contextlib.contextmanager
def private() -> Iterator[None]:
    """Make what this process writes in the block its own."""
    before = os.umask(MASK)
    try:
        yield
    finally:
        os.umask(before)


def named(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that have the name of one; a shell passes its functions as others."""
    return {name: value for name, value in environment.items() if name.isidentifier()}


def plain(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what every program may know of `environment`, of our own by default."""
    given = os.environ if environment is None else environment
    left_out = set(foreign(given, ()))
    return {name: value for name, value in given.items() if name not in left_out}
