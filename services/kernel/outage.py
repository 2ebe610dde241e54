"""What goes on by itself while something it needs is away: it says so once, and once that it is back."""

import asyncio
import contextlib
from collections.abc import Iterator

import structlog

from services.kernel.errors import UpstreamUnavailable
from services.kernel.postgres_errors import why_away

log = structlog.get_logger()


def go_on_ending() -> None:
    """Go on with a cancellation of this task where an error has taken its place, as on a connection that is frozen."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def why_lacking(error: BaseException) -> str | None:
    """Return what an error says of something that is away, Postgres or another service; None for a fault of ours."""
    why = why_away(error)
    return str(error) if why is None and isinstance(error, UpstreamUnavailable) else why


class Outage:
    """The times at which a loop cannot do its work, however often it tries."""

    def __init__(self, loop: str) -> None:
        self._loop = loop
        self.why = ""
        """Why it cannot do its work; empty while it can."""

    def begin(self, why: str) -> None:
        """Note that it could not."""
        if why != self.why:
            log.warning("loop_waits", loop=self._loop, why=why)
        self.why = why

    def end(self) -> None:
        """Note that it could."""
        if self.why:
            log.info("loop_goes_on", loop=self._loop)
        self.why = ""

    @contextlib.contextmanager
    def outlived(self, **about: object) -> Iterator[None]:
        """Take every error of the block: what is away is said once, a fault of ours each time, with its cause.

        `about` names, beside a fault, what was worked on.
        """
        try:
            yield
        except Exception as error:
            go_on_ending()
            why = why_lacking(error)
            if why is None:
                log.exception("loop_failed", loop=self._loop, **about)
            else:
                self.begin(why)
        else:
            self.end()
