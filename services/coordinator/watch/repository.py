"""The log as it is stored: its head, its pages, its end by age; and the state that a watch begins with."""

import contextlib
import uuid
from collections.abc import Collection
from datetime import timedelta
from typing import NamedTuple

from services.coordinator.commit.group import Entry
from services.coordinator.commit.repository import list_executions
from services.coordinator.commit.rows import bot_from_row, day_from_row, run_from_row
from services.coordinator.state.bot import Bot
from services.coordinator.state.days import Day
from services.coordinator.state.domain import Run
from services.coordinator.watch.domain import Filter, Snapshot
from services.kernel.clock import utc_now
from services.kernel.postgres import (
    Connection,
    ConnectionOrPool,
    Reading,
    afresh,
    load_queries,
)
from services.status.domain import DateRange, Owner, RunId

_QUERIES = load_queries(__file__)

PAGE = 1_000
LEDGER_DAYS = 31
"""The number of last days that a watch begins with where it names no days."""


class LogHole(RuntimeError):
    """A revision is missing between two that are there: the log is damaged."""


class LogHead(NamedTuple):
    """Where the log ends, and up to which revision its beginning is deleted."""

    revision: int
    compacted: int


async def get_head(connection: ConnectionOrPool) -> LogHead:
    """Read where the log ends."""
    row = await _QUERIES.get_head(connection)
    return LogHead(row["revision"], row["compacted"])


async def get_epoch(connection: ConnectionOrPool) -> str:
    """Return the name of this log, which is another one after a restore."""
    return str(await _QUERIES.get_epoch(connection))


async def advance_epoch(connection: ConnectionOrPool) -> int:
    """Begin the log anew after a restore; returns its generation."""
    return int(await _QUERIES.advance_epoch(connection))


async def read_log(connection: ConnectionOrPool, after: int) -> list[tuple[int, Entry]]:
    """Read a page behind `after`; raises LogHole where it is not dense."""
    rows = _QUERIES.read_log(connection, after=after, page_size=PAGE)
    page = [
        (row["revision"], Entry(Owner(row["owner"]), row["subject"], row["body"], ""))
        async for row in rows
    ]
    for expected, (revision, _) in enumerate(page, after + 1):
        if revision != expected:
            raise LogHole(f"revision {revision} stands where {expected} should")
    return page


async def notify(connection: ConnectionOrPool, channel: str, payload: str) -> None:
    """Hint everybody who listens on `channel`."""
    await _QUERIES.notify(connection, channel=channel, payload=payload)


async def compact(connection: ConnectionOrPool, retention: timedelta) -> int:
    """Raise the mark behind which the log is deleted to what is older than `retention`; returns it."""
    return int(await _QUERIES.compact(connection, retention=retention))


async def delete_compacted(connection: ConnectionOrPool, batch: int) -> int:
    """Delete at most `batch` changes behind the mark; returns how many there were."""
    status = await _QUERIES.delete_compacted(connection, batch=batch)
    return int(status.removeprefix("DELETE "))


async def has_ended(connection: ConnectionOrPool, run_id: RunId) -> bool:
    """Return whether a run has ended; false where there is none."""
    return bool(await _QUERIES.has_ended(connection, run_id=run_id))


@afresh
async def read_snapshot(reading: Reading, filter_: Filter, ledger: DateRange | None) -> Snapshot:
    """Read runs and bots under way, those of the last 24 hours, named ones at any age, and the ledger days.

    The transaction is closed before anything of it is written to the watcher.
    """
    async with reading() as connection:
        head = await get_head(connection)
        runs = await snapshot_runs(connection, filter_)
        executions = await list_executions(connection, [run.run_id for run in runs])
        owners = {*filter_.owners, *(run.owner for run in runs)}
        days = await snapshot_days(connection, filter_, owners, ledger or _days_of(filter_, runs))
        bots = await snapshot_bots(connection, filter_)
    return Snapshot(revision=head.revision, runs=runs, executions=executions, days=days, bots=bots)


async def snapshot_runs(connection: Connection, filter_: Filter) -> list[Run]:
    """Read the runs that a watch begins with."""
    rows = _QUERIES.snapshot_runs(
        connection,
        everything=filter_.everything,
        owners=list(filter_.owners),
        run_ids=_uuids(filter_.topics),
        bot_ids=list(filter_.topics),
    )
    return [run_from_row(row) async for row in rows]


async def snapshot_days(
    connection: Connection, filter_: Filter, owners: Collection[str], days: DateRange
) -> list[Day]:
    """Read the ledger days of `owners`, or of everybody."""
    rows = _QUERIES.snapshot_days(
        connection,
        everything=filter_.everything,
        owners=list(owners),
        start_date=days.start,
        end_date=days.end,
    )
    return [day_from_row(row) async for row in rows]


async def snapshot_bots(connection: Connection, filter_: Filter) -> list[Bot]:
    """Read the bots that a watch begins with."""
    rows = _QUERIES.snapshot_bots(
        connection,
        everything=filter_.everything,
        owners=list(filter_.owners),
        bot_ids=list(filter_.topics),
    )
    return [bot_from_row(row) async for row in rows]


def _days_of(filter_: Filter, runs: Collection[Run]) -> DateRange:
    """Return the days of a watch that names none: those of its runs where it names runs, else the last ones."""
    if runs and not (filter_.everything or filter_.owners):
        return DateRange(
            start=min(run.range.start for run in runs), end=max(run.range.end for run in runs)
        )
    today = utc_now().date()
    return DateRange(start=today - timedelta(LEDGER_DAYS - 1), end=today + timedelta(1))


def _uuids(topics: Collection[str]) -> list[str]:
    """Return the topics that may be runs; the others are bots."""
    found = []
    for topic in topics:
        with contextlib.suppress(ValueError):
            found.append(str(uuid.UUID(topic)))
    return found
