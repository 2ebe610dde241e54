"""Waiting for the end of a run: woken by the log, and looking at its row now and then in case nothing wakes."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import structlog

from services.coordinator.watch.hub import Cohort, Hub, Published
from services.coordinator.watch.repository import has_ended
from services.coordinator.wire.frames import read_element
from services.kernel.errors import UpstreamUnavailable
from services.kernel.postgres import FAILURES, ConnectionOrPool
from services.status.domain import RunId

log = structlog.get_logger()

LOOK_AGAIN = timedelta(seconds=5)
"""The log tells every end; this is for a waiter that has fallen out of the ring, or could not read the row."""


class LogRunEnds:
    """Implements RunEnds over the fan-out of the log; `stopping` says that the replica drains."""

    def __init__(
        self,
        pool: ConnectionOrPool,
        hub: Hub,
        *,
        stopping: Callable[[], bool] = lambda: False,
        look_again: timedelta = LOOK_AGAIN,
    ) -> None:
        self._pool = pool
        self._hub = hub
        self._stopping = stopping
        self._look_again = look_again.total_seconds()

    async def wait(self, run_id: RunId) -> None:
        # The place in a cohort is taken before the row is read, so that no end in between is missed.
        cohort = self._hub.join()
        try:
            cursor = cohort.visible
            while not await self._has_ended(run_id):
                cursor = await self._follow(cohort, cursor, run_id)
        finally:
            self._hub.leave(cohort)

    async def _has_ended(self, run_id: RunId) -> bool:
        try:
            return await has_ended(self._pool, run_id)
        except FAILURES as error:
            log.warning("run_unread", run=run_id, error=repr(error))
            return False

    async def _follow(self, cohort: Cohort, cursor: int, run_id: RunId) -> int:
        """Follow the log until it has the run's end, at most for as long as the row may stay unread."""
        try:
            async with asyncio.timeout(self._look_again):
                while True:
                    if self._stopping():
                        raise UpstreamUnavailable(
                            f"this replica stops, run {run_id} goes on: repeat the call",
                            reason="DRAIN",
                            metadata={"run_id": run_id},
                        )
                    await self._hub.newer(cohort, cursor)
                    after, until = max(cursor, self._hub.oldest), cohort.visible
                    new = self._hub.changes(after, until) if after < until else []
                    cursor = until
                    if any(_is_end(change, run_id) for change in new):
                        return cursor
        except TimeoutError:
            return cursor


def _is_end(change: Published, run_id: RunId) -> bool:
    if change.topic != run_id:
        return False
    events = read_element(change.element).events
    return any(event.run.run_id == run_id and event.run.HasField("end_time") for event in events)
