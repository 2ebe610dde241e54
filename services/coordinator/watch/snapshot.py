"""The current state as a watch begins with it: read in one transaction that is closed before the first write."""

import contextlib
import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta

from services.coordinator.commit.rows import (
    bot_from_row,
    day_from_row,
    execution_from_row,
    run_from_row,
)
from services.coordinator.runs.repository import QUERIES
from services.coordinator.state.bot import Bot
from services.coordinator.state.domain import Day, Execution, Run, Subject
from services.coordinator.watch.hub import FRAME_BYTES, Filter
from services.coordinator.wire import events as wire
from services.kernel.clock import utc_now
from services.kernel.postgres import Reading
from services.status.domain import DateRange

LEDGER_DAYS = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The subjects of a watch as of a revision."""

    revision: int
    runs: list[Run]
    executions: list[Execution]
    days: list[Day]
    bots: list[Bot]

    def frames(self) -> Iterator[bytes]:
        """Yield the encoded changes, one a subject, joined to frames of bounded size."""
        tail = wire.change_tail("", utc_now())
        elements: list[bytes] = []
        size = 0
        subjects: list[Subject] = [*self.runs, *self.executions, *self.days, *self.bots]
        for subject in subjects:
            element = wire.frame_element(wire.event(subject) + tail, self.revision)
            if elements and size + len(element) > FRAME_BYTES:
                yield b"".join(elements)
                elements, size = [], 0
            elements.append(element)
            size += len(element)
        if elements:
            yield b"".join(elements)


async def read_snapshot(reading: Reading, wanted: Filter, ledger: DateRange | None) -> Snapshot:
    """Read runs and bots under way, those of the last 24 hours, named ones at any age, and the ledger days."""
    today = utc_now().date()
    days = ledger or DateRange(start=today - timedelta(LEDGER_DAYS - 1), end=today + timedelta(1))
    async with reading() as connection:
        head = await QUERIES.get_head(connection)
        rows = QUERIES.snapshot_runs(
            connection,
            everything=wanted.everything,
            owners=list(wanted.owners),
            run_ids=_uuids(wanted.subjects),
            bot_ids=list(wanted.subjects),
        )
        runs = [run_from_row(row) async for row in rows]
        rows = QUERIES.list_executions(connection, run_ids=[run.run_id for run in runs])
        executions = [execution_from_row(row) async for row in rows]
        owners = {*wanted.owners, *(run.owner for run in runs)}
        if not ledger and runs and not (wanted.everything or wanted.owners):
            days = DateRange(
                start=min(run.range.start for run in runs), end=max(run.range.end for run in runs)
            )
        rows = QUERIES.snapshot_days(
            connection,
            everything=wanted.everything,
            owners=list(owners),
            start_date=days.start,
            end_date=days.end,
        )
        ledger_days = [day_from_row(row) async for row in rows]
        rows = QUERIES.snapshot_bots(
            connection,
            everything=wanted.everything,
            owners=list(wanted.owners),
            bot_ids=list(wanted.subjects),
        )
        bots = [bot_from_row(row) async for row in rows]
    return Snapshot(
        revision=head["revision"], runs=runs, executions=executions, days=ledger_days, bots=bots
    )


def _uuids(subjects: Collection[str]) -> list[str]:
    """Return the subjects that may be runs; the others are bots."""
    found = []
    for subject in subjects:
        with contextlib.suppress(ValueError):
            found.append(str(uuid.UUID(subject)))
    return found
