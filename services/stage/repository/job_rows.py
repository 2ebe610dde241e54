"""Rows of the queue, and the turn of the process that mends them; jobs themselves are pgqueuer's."""

from collections.abc import Sequence
from datetime import timedelta

from services.kernel.postgres import Connection, load_queries
from services.stage.repository.database import Reader
from services.status.domain import Owner

_QUERIES = load_queries(__file__)


async def get_queue_tail(
    connection: Connection, entrypoint: str, owner: Owner
) -> tuple[int | None, int | None]:
    """Return the virtual times of the next job to be taken and of the owner's last one; None without one."""
    row = await _QUERIES.get_queue_tail(connection, entrypoint=entrypoint, owner=owner)
    return row["front"], row["own"]


async def notify(reader: Reader, channel: str) -> None:
    """Tell who listens on a channel that there are jobs."""
    await _QUERIES.notify(reader, channel=channel)


async def list_due(
    reader: Reader, entrypoints: Sequence[str], heartbeat: timedelta
) -> dict[str, float]:
    """Return in how many seconds each entrypoint has a job to take: 0 or less is now; absent, without any.

    A job whose worker has not been heard of for `heartbeat` is to be taken, too.
    """
    rows = _QUERIES.list_due(reader, entrypoints=entrypoints, heartbeat=heartbeat)
    return {row["entrypoint"]: row["seconds"] async for row in rows}


async def take_turn(reader: Reader, pause: timedelta) -> bool:
    """Take the next turn of all processes; False where the last one was taken less than `pause` ago."""
    return await _QUERIES.take_turn(reader, pause=pause) is not None


async def prune_job_log(reader: Reader, keep: timedelta, page_size: int) -> None:
    """Delete the oldest lines of pgqueuer's log of jobs, older than `keep`."""
    await _QUERIES.prune_job_log(reader, keep=keep, page_size=page_size)
