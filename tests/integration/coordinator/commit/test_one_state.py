"""What the events of a watch add up to is what the RPCs read, after any history: both come from the same rows."""

import asyncio
import itertools
import uuid
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from potok.coordinator.v1 import run_pb2
from potok.status.v1 import event_pb2, progress_pb2, stage_pb2

from services.coordinator.bots.commands import LaneBotChanges
from services.coordinator.bots.repository import PostgresBots
from services.coordinator.commit.changes import Batch, Reported
from services.coordinator.commit.lanes import Lanes
from services.coordinator.dispatch.commands import LaneExecutionChanges
from services.coordinator.runs.commands import LaneRunChanges
from services.coordinator.runs.mapping import run_to_pb
from services.coordinator.runs.repository import PostgresRuns
from services.coordinator.runs.usecases import Runs
from services.coordinator.state import order
from services.coordinator.state.bot import BotId
from services.coordinator.state.days import DayFigures, RangeDay
from services.coordinator.state.domain import AcceptedStart, Client, RunView
from services.coordinator.state.ledger import range_status, stage_ledgers
from services.coordinator.watch.domain import Filter
from services.coordinator.watch.repository import read_log, read_snapshot
from services.coordinator.wire.events import event
from services.coordinator.wire.messages import bot_status
from services.coordinator.wire.reports import read_raw
from services.kernel.errors import DomainError
from services.kernel.postgres import reading
from services.status.domain import (
    BotState,
    ExecutionNumber,
    Owner,
    Reason,
    RunId,
    RunMode,
    Stage,
    user_owner,
)
from services.status.identity import EVERYTHING
from services.status.mapping import STAGE_FROM_PB
from tests.builders.coordinator import DAYS, a_bot_report, a_client, a_start
from tests.conftest import Database
from tests.coordination import FAILED, PARTIAL, RUNNING, SUCCEEDED, a_report

REPLICAS = 2
NAMES = [day.isoformat() for day in DAYS.days]
CANCELLED = stage_pb2.EXECUTION_STATE_CANCELLED

Subjects = dict[tuple[str, ...], Any]
"""The newest state of every subject that was told."""


def fold(events: Sequence[event_pb2.Event], known: Subjects) -> None:
    """Take events as a client does: each is the whole new state of its subject."""
    for told in events:
        match told.WhichOneof("subject"):
            case "run":
                known["run", told.run.run_id] = told.run
            case "stage":
                known["stage", told.stage.run_id, str(told.stage.execution)] = told.stage
            case "day":
                known["day", told.day.owner, str(told.day.stage), told.day.counts.day] = told.day
            case "bot":
                known["bot", told.bot.bot_id] = told.bot


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happens next, at which replica; `pick` chooses among what there is."""

    what: str
    replica: int
    pick: int
    figure: int
    ahead: int
    """How much newer its sequence or version is than the last: 0 is a repeat, less is late."""
    both_days: bool
    together: bool
    """True where the step after it is asked for before this one is committed."""


HAPPENINGS = [
    *["progress"] * 8, *["succeed"] * 5, *["partial"] * 2, *["fail"] * 1, "cancelled by its service",
    *["dispatched"] * 3, "unreachable", "stalled", "confirm", "confirm with figures", "silent", "no progress",
    *["cancel"] * 2, *["restart"] * 3, *["start"] * 2, "retry", "bot", "bot records", "expire",
]  # fmt: skip
a_step = st.builds(
    Step,
    what=st.sampled_from(HAPPENINGS),
    replica=st.integers(0, REPLICAS - 1),
    pick=st.sampled_from([0, 0, 0, 0, 1, 2, 3]),
    figure=st.integers(0, 3),
    ahead=st.sampled_from([1, 1, 1, 2, 0, -1]),
    both_days=st.booleans(),
    together=st.booleans(),
)
a_history = st.lists(a_step, min_size=60, max_size=60)


@dataclass
class Replica:
    """The lanes of a replica: what it has in memory is gone after a restart."""

    dsn: str
    lanes: Lanes = field(init=False)
    task: "asyncio.Task[None]" = field(init=False)

    def begin(self) -> None:
        self.lanes = Lanes(self.dsn, lambda _first, _entries: None, lambda: None)
        self.task = asyncio.create_task(self.lanes.run())

    async def end(self) -> None:
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task


@dataclass
class World:
    """One client and one user, whose history is told by the log and read from the rows."""

    pool: asyncpg.Pool
    replicas: list[Replica]
    client: Client
    user: str
    runs: Runs
    bots: PostgresBots
    known: Subjects = field(default_factory=dict)
    revision: int = 0
    sequence: int = 1
    version: int = 1
    bot_sequence: int = 0

    @property
    def bot_id(self) -> BotId:
        return BotId(f"bot-{self.user}")

    @property
    def under_way(self) -> bool:
        """True while a run of the client is."""
        return any(
            key[0] == "run" and run.client_id and not run.HasField("end_time")
            for key, run in self.known.items()
        )

    async def do(self, step: Step) -> None:
        """Do one step; what is refused changes nothing."""
        with suppress(DomainError):
            await self._do(step)

    async def _do(self, step: Step) -> None:
        replica = self.replicas[step.replica]
        executions = LaneExecutionChanges(replica.lanes)
        told = [v for k, v in self.known.items() if k[0] == "stage"]
        stage = told[-1 - step.pick % len(told)] if told else None
        what = step.what
        if what in ("succeed", "dispatched") and not self.under_way:
            what = "start"
        match what:
            case "start" | "retry":
                first = step.pick
                mode = RunMode.FAILED if step.what == "retry" else RunMode.PENDING
                begin = a_start(*order.ORDER[first : first + 2], mode=mode, client=self.client)
                accepted = AcceptedStart(run_id=RunId(str(uuid.uuid4())), parameters="")
                await LaneRunChanges(replica.lanes).start_run(begin, accepted, "StartRun", "")
            case "restart":
                await replica.end()
                replica.begin()
            case "bot" | "bot records":
                self.bot_sequence += step.ahead
                report = a_bot_report(
                    max(1, self.bot_sequence),
                    list(BotState)[step.figure],
                    bot_id=self.bot_id,
                    media_ready=step.what == "bot records",
                    detail="" if step.pick % 2 else "waiting_room",
                )
                report = replace(report, owner=user_owner(self.user))
                await LaneBotChanges(replica.lanes).report_bots([report])
            case "expire":
                record = await self.bots.get_bot(EVERYTHING, self.bot_id)
                if record is not None and not record.bot.final:
                    changed_at = record.bot.changed_at
                    await LaneBotChanges(replica.lanes).expire_bot(
                        record.bot.owner, self.bot_id, changed_at, "too long"
                    )
            case _ if stage is None:
                return
            case "cancel":
                run_id = RunId(stage.run_id)
                await LaneRunChanges(replica.lanes).cancel_run(stage.owner, run_id, "anna")
            case "progress" | "succeed" | "partial" | "fail" | "cancelled by its service":
                await self._report(step, replica.lanes, stage)
            case _:
                owner, number = stage.owner, ExecutionNumber(stage.execution)
                await self._happens(step, executions, owner, number)

    async def _happens(
        self, step: Step, executions: LaneExecutionChanges, owner: Any, number: ExecutionNumber
    ) -> None:
        match step.what:
            case "dispatched":
                await executions.dispatched(owner, number)
            case "unreachable":
                await executions.unreachable(owner, number)
            case "stalled":
                await executions.stalled(owner, number)
            case "confirm":
                await executions.cancelled(owner, number)
            case "confirm with figures":
                items = progress_pb2.ItemCounts(success=step.figure, failed=1)
                final = progress_pb2.StageProgress(items=items, discovered=True)
                await executions.cancelled(owner, number, final.SerializeToString())
            case "silent":
                await executions.fail(owner, number, Reason.STAGE_SILENT, "said nothing")
            case "no progress":
                await executions.fail(owner, number, Reason.NO_PROGRESS, "no item moved")

    async def _report(self, step: Step, lanes: Lanes, stage: event_pb2.StageStatus) -> None:
        self.sequence += step.ahead
        said: dict[str, tuple[stage_pb2.ExecutionState.ValueType, dict[str, Any]]] = {
            "progress": (RUNNING, {"pending": step.figure, "processing": 1, "success": step.pick}),
            "succeed": (SUCCEEDED, {"success": 1 + step.figure}),
            "partial": (PARTIAL, {"success": step.pick, "failed": 1 + step.figure}),
            "fail": (FAILED, {"failed": step.figure}),
            "cancelled by its service": (CANCELLED, {"failed": step.figure}),
        }
        state, counts = said[step.what]
        days: tuple[progress_pb2.DayCounts, ...] = ()
        if stage.owner == self.client.owner:
            self.version += step.ahead
            days = tuple(
                progress_pb2.DayCounts(day=name, version=max(1, self.version), **counts)
                for name in NAMES[: 1 + step.both_days]
            )
        sequence = max(1, self.sequence)
        report = a_report(stage.execution, sequence, state, days=days, **counts)
        report.progress.discovered = step.pick != 3
        batch = Batch(1, 1, asyncio.get_running_loop().create_future())
        raw = read_raw(report.SerializeToString())
        await lanes.put(batch, [Reported(Owner(stage.owner), raw)], 0)
        await batch.settled

    async def check(self) -> None:
        """See that what was told is what is read."""
        owners = {self.client.owner, user_owner(self.user)}
        while page := await read_log(self.pool, self.revision):
            for self.revision, entry in page:
                if entry.owner in owners:
                    fold(event_pb2.Change.FromString(entry.body).events, self.known)
        await self._check_runs()
        await self._check_days()
        record = await self.bots.get_bot(EVERYTHING, self.bot_id)
        read = bot_status(record.bot) if record else None
        assert self.known.get(("bot", self.bot_id)) == read

    async def _check_runs(self) -> None:
        told = {
            key[1]: run_pb2.Run(
                status=run,
                stages=[v for k, v in self.known.items() if k[:2] == ("stage", key[1])],
            )
            for key, run in self.known.items()
            if key[0] == "run"
        }
        listed = (await self.runs.list_runs(self.client.client_id, 100, "")).items
        read: dict[str, RunView] = {view.run.run_id: view for view in listed}
        for run_id in told.keys() - read.keys():  # of meetings
            read[run_id] = await self.runs.get_run(RunId(run_id))
        assert {run_id: run_to_pb(view) for run_id, view in read.items()} == told
        for view in read.values():
            for execution in view.executions:
                assert not (execution.state.ended and execution.counts.open)

    async def _check_days(self) -> None:
        filter_ = Filter(everything=False, owners=frozenset({self.client.owner}))
        snapshot = await read_snapshot(lambda: reading(self.pool, EVERYTHING), filter_, DAYS)
        read: Subjects = {}
        fold(
            [
                told
                for day in snapshot.days
                for told in event_pb2.Change.FromString(event(day)).events
            ],
            read,
        )
        days = {key: day for key, day in self.known.items() if key[0] == "day"}
        assert read == days

        chain: dict[Stage, dict[str, RangeDay]] = {stage: {} for stage in order.ORDER}
        for day in days.values():
            counts = day.counts
            figures = DayFigures(*(getattr(counts, name) for name in DayFigures._fields))
            covered = RangeDay(figures, day.HasField("cover_time"))
            chain[STAGE_FROM_PB[day.stage]][counts.day] = covered
        assert await self.runs.get_ledger(self.client.client_id, DAYS) == stage_ledgers(
            NAMES, chain
        )
        active = {
            STAGE_FROM_PB[run.stage]
            for key, run in self.known.items()
            if key[0] == "run" and run.client_id and not run.HasField("end_time")
        }
        for index, stage in enumerate(order.ORDER):
            here = {stage, order.FOLLOWED_BY.get(stage, stage)}
            assert await self.runs.get_range_status(
                self.client.client_id, stage, DAYS
            ) == range_status(NAMES, list(chain.values())[: index + 1], active=bool(active & here))


@pytest.fixture
async def replicas(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[list[Replica]]:
    """Replicas by a clock that goes on seven seconds with every commit, so that there are rates."""
    ticks = itertools.count(1)
    noon = datetime.now(UTC).replace(microsecond=0)
    monkeypatch.setattr(
        "services.coordinator.commit.lanes.utc_now",
        lambda: noon + timedelta(seconds=7) * next(ticks),
    )
    found = [Replica(database.dsn("coordinator_system")) for _ in range(REPLICAS)]
    for replica in found:
        replica.begin()
    yield found
    for replica in found:
        await replica.end()


def step(what: str, *, figure: int = 1, ahead: int = 1, together: bool = False) -> Step:
    """Return a step at the first replica, about what is newest."""
    return Step(
        what=what,
        replica=0,
        pick=0,
        figure=figure,
        ahead=ahead,
        both_days=True,
        together=together,
    )


BEGUN = [step("start"), step("dispatched"), step("progress")]
HISTORIES = {
    "the watchdog ends what a replica has not in memory": [*BEGUN, step("restart"), step("silent")],
    "a cancel is confirmed to a replica that has it not in memory": [
        *BEGUN, step("cancel"), step("restart"), step("confirm"),
    ],
    "a covered day is read from its row, then counted": [
        *BEGUN, step("succeed"), step("start"), step("dispatched"), step("restart"),
        step("progress", figure=2), step("progress", figure=3),
    ],
    "a count changes no figure": [*BEGUN, step("progress"), step("restart"), step("progress")],
    "progress and a cancel are committed together": [
        *BEGUN, step("progress", figure=2, together=True), step("cancel", together=True),
        step("progress", figure=2), step("confirm"),
    ],
    "late progress comes after newer in one group": [
        *BEGUN, step("progress", figure=3, together=True), step("progress", figure=2, ahead=-1),
    ],
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Playground:
    """Where histories are played."""

    pool: asyncpg.Pool
    readers: asyncpg.Pool
    replicas: list[Replica]

    async def world(self, name: str) -> World:
        """Return a world of its own, in which nothing has happened."""
        rows = PostgresRuns(self.pool, lambda: reading(self.pool, EVERYTHING))
        runs = Runs(rows, None, None)  # type: ignore[arg-type]  # it only reads
        bots = PostgresBots(self.pool, self.readers)
        client = replace(a_client(), client_id=f"c{name}")
        await rows.set_client(client, None)
        user = f"anna{name}"
        await bots.ensure_owners([user_owner(user)])
        return World(self.pool, self.replicas, client, user, runs, bots)


@pytest.fixture
async def playground(database: Database, replicas: list[Replica]) -> AsyncIterator[Playground]:
    async with (
        database.pool("coordinator_system") as pool,
        database.pool("coordinator_app") as readers,
    ):
        yield Playground(pool, readers, replicas)


@pytest.mark.parametrize("name", HISTORIES)
async def test_what_is_told_is_what_is_read(playground: Playground, name: str) -> None:
    await play(await playground.world("0"), HISTORIES[name])


async def test_what_is_told_is_what_is_read_after_any_history(playground: Playground) -> None:
    # Hypothesis runs plain functions, so the histories are drawn first.
    histories: list[list[Step]] = []

    @settings(max_examples=8)
    @given(a_history)
    def draw(history: list[Step]) -> None:
        histories.append(history)

    draw()
    for number, history in enumerate(histories):
        await play(await playground.world(f"{number}"), history)


async def play(world: World, history: Sequence[Step]) -> None:
    """Do the steps of a history, comparing whenever nothing is on its way."""
    waiting: list[Coroutine[Any, Any, None]] = []
    for step in history:
        if step.what == "restart":
            await asyncio.gather(*waiting)
            waiting.clear()
        waiting.append(world.do(step))
        if step.together and step.what != "restart":
            continue
        await asyncio.gather(*waiting)
        waiting.clear()
        await world.check()
    await asyncio.gather(*waiting)
    await world.check()
