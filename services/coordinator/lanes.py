"""Group commit: whatever waits goes into Postgres in one transaction, in two lanes by owner.

While one lane's group is on its way to the disk the other gathers; they meet only at the log head. A lane keeps the rows of
its owners in memory under the owner's version. When a group fails, they are dropped, read again, and the group is tried
again: what was stored after all comes out as DUPLICATE. Nothing is acknowledged before its commit.
"""

import asyncio
import zlib
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import asyncpg
import structlog

from services.coordinator.domain import Execution, Tenant
from services.coordinator.group import Entry, Group, commit, load_days, load_runs, load_tenants
from services.coordinator.repository import QUERIES
from services.coordinator.sequence import StageReport, Verdict, take_report
from services.kernel.clock import utc_now
from services.kernel.errors import DomainError
from services.kernel.postgres import STATEMENT_TIMEOUT
from services.status.domain import ExecutionNumber, Owner

log = structlog.get_logger()

LANES = 2
MOST_CHANGES = 1_000
MOST_BYTES = 1 << 20
MOST_WAITING = 8_000
MOST_TENANTS = 4_000
MOST_EXECUTIONS = 64
"""Executions of one owner kept in memory; more are ended ones that late reports asked for."""
PATIENCE_SECONDS = 0.1
"""A constraint may be violated by a race with another replica, which reading again resolves; not for longer."""

Publish = Callable[[int, Sequence[Entry]], None]
"""Told of every commit: the first revision and the entries."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """The verdict on a report that was not applied."""

    execution: ExecutionNumber
    sequence: int
    verdict: Verdict


@dataclass(slots=True)
class Batch:
    """The reports of one message: settled when every lane has committed its part."""

    number: int
    open: int
    settled: asyncio.Future[None]
    rejections: list[Rejection] = field(default_factory=list)

    def settle(self, count: int, rejections: Sequence[Rejection]) -> None:
        """Note that `count` reports are durable, all but `rejections` applied."""
        self.open -= count
        self.rejections.extend(rejections)
        if self.open == 0 and not self.settled.done():
            self.settled.set_result(None)


@dataclass(slots=True)
class Part:
    """What one group does to a batch; told to it after the commit."""

    batch: Batch
    count: int = 0
    rejections: list[Rejection] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reported:
    """One report on its way through a lane."""

    owner: Owner
    report: StageReport
    batch: Batch


class Command(Protocol):
    """A change that somebody or a timer wants; `apply` runs again when its group failed."""

    @property
    def owner(self) -> Owner:
        """Whose rows it needs."""

    @property
    def executions(self) -> Sequence[ExecutionNumber]:
        """Executions it needs beside those under way."""

    @property
    def days(self) -> Sequence[str]:
        """Ledger days it needs beside those of the runs in memory."""

    @property
    def numbers(self) -> int:
        """How many new execution numbers it may use."""

    def apply(
        self, tenant: Tenant, group: Group, next_number: Callable[[], ExecutionNumber]
    ) -> object:
        """Change the tenant, note it in the group, return the answer; raises DomainError to refuse."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One command on its way through a lane."""

    owner: Owner
    command: Command
    answer: asyncio.Future[object]


Change = Reported | Asked


class Lane:
    """Commits the changes of its owners, one group at a time."""

    def __init__(self, dsn: str, publish: Publish) -> None:
        self._dsn = dsn
        self._publish = publish
        self._queue: deque[Change] = deque()
        self._arrived = asyncio.Event()
        self._room = asyncio.Condition()
        self._tenants: OrderedDict[Owner, Tenant] = OrderedDict()
        self._outdated: set[Owner] = set()
        self._connection: asyncpg.Connection | None = None

    async def put(self, changes: Sequence[Change]) -> None:
        """Queue changes; waits while too many wait already, which holds back the sender."""
        if len(self._queue) >= MOST_WAITING:
            async with self._room:
                await self._room.wait_for(lambda: len(self._queue) < MOST_WAITING)
        self._queue.extend(changes)
        self._arrived.set()

    def forget(self, owner: Owner) -> None:
        """Drop the rows of an owner that another replica has changed, before the next group."""
        self._outdated.add(owner)

    async def run(self) -> None:
        """Commit groups until cancelled."""
        try:
            while True:
                await self._arrived.wait()
                self._arrived.clear()
                while self._queue:
                    await self._settle(self._take())
        finally:
            if self._connection is not None:
                self._connection.terminate()

    def _take(self) -> list[Change]:
        changes: list[Change] = []
        size = 0
        while self._queue and len(changes) < MOST_CHANGES and size < MOST_BYTES:
            change = self._queue.popleft()
            changes.append(change)
            if type(change) is Reported:
                size += len(change.report.progress)
        return changes

    async def _settle(self, changes: list[Change]) -> None:
        """Commit a group, again and again until it is stored or is at fault itself."""
        delay = 0.01
        while changes:
            try:
                await self._commit(changes)
                break
            except asyncpg.SerializationError:
                await asyncio.sleep(delay)
            except asyncpg.DataError as error:
                changes = await self._without_the_faulty(changes, error)
            except asyncpg.IntegrityConstraintViolationError as error:
                if delay > PATIENCE_SECONDS:
                    changes = await self._without_the_faulty(changes, error)
                await asyncio.sleep(delay)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
                log.warning("group_failed", error=repr(error), changes=len(changes))
                await asyncio.sleep(delay)
            except Exception as error:
                log.exception("group_faulty", changes=len(changes))
                changes = await self._without_the_faulty(changes, error)
            finally:
                if self._queue_has_room():
                    async with self._room:
                        self._room.notify_all()
            self._drop(changes)
            delay = min(delay * 2, 1.0)
            changes = [c for c in changes if type(c) is Reported or not _abandoned(c)]

    def _queue_has_room(self) -> bool:
        return len(self._queue) < MOST_WAITING

    def _drop(self, changes: Sequence[Change]) -> None:
        for change in changes:
            self._tenants.pop(change.owner, None)

    async def _without_the_faulty(self, changes: list[Change], error: Exception) -> list[Change]:
        """Reject the change when it is alone; otherwise try each alone, so that the others pass."""
        self._drop(changes)
        if len(changes) > 1:
            for change in changes:
                await self._settle([change])
            return []
        log.error("change_rejected", error=repr(error), change=repr(changes[0])[:500])
        change = changes[0]
        if isinstance(change, Reported):
            report = change.report
            rejection = Rejection(report.execution, report.sequence, Verdict.ILLEGAL)
            change.batch.settle(1, [rejection])
        elif not change.answer.done():
            change.answer.set_exception(error)
        return []

    async def _commit(self, changes: Sequence[Change]) -> None:
        connection = await self._connected()
        while self._outdated:
            self._tenants.pop(self._outdated.pop(), None)
        await self._load(connection, changes)
        wanted = sum(_numbers(change) for change in changes)
        numbers: deque[ExecutionNumber] = deque()
        if wanted:
            rows = QUERIES.draw_numbers(connection, count=wanted)
            numbers.extend([ExecutionNumber(row["number"]) async for row in rows])
        group = Group(utc_now())
        answers: list[tuple[asyncio.Future[object], object]] = []
        parts: dict[int, Part] = {}
        for change in changes:
            tenant = self._tenants[change.owner]
            if type(change) is Reported:
                rejection = _apply_report(change, tenant, group, numbers.popleft)
                part = parts.setdefault(id(change.batch), Part(change.batch))
                part.count += 1
                if rejection is not None:
                    part.rejections.append(rejection)
            else:
                assert isinstance(change, Asked)
                answer = _apply_command(change, tenant, group, numbers.popleft)
                answers.append((change.answer, answer))
        if not group.empty:
            revision = await commit(connection, group)
            if group.entries:
                self._publish(revision - len(group.entries) + 1, group.entries)
        for part in parts.values():
            part.batch.settle(part.count, part.rejections)
        for future, answer in answers:
            if not future.done():
                _give(future, answer)
        self._trim(changes)

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(
                self._dsn,
                timeout=10,
                command_timeout=30,
                server_settings={
                    "plan_cache_mode": "force_generic_plan",
                    "jit": "off",
                    "lock_timeout": "5s",
                    "statement_timeout": STATEMENT_TIMEOUT,
                    "idle_in_transaction_session_timeout": "10s",
                },
            )
        return self._connection

    async def _load(self, connection: asyncpg.Connection, changes: Sequence[Change]) -> None:
        """Read what the changes need and the lane does not have in memory."""
        owners: set[Owner] = set()
        executions: dict[ExecutionNumber, Owner] = {}
        for change in changes:
            tenant = self._tenants.get(change.owner)
            if tenant is None:
                owners.add(change.owner)
            for number in _executions(change):
                if tenant is None or number not in tenant.executions:
                    executions[number] = change.owner
        if owners:
            self._tenants |= await load_tenants(connection, owners)
        if owners or executions:
            concerned = {change.owner: self._tenants[change.owner] for change in changes}
            await load_runs(connection, concerned, owners, executions)
        days: dict[Owner, set[str]] = {}
        for change in changes:
            tenant = self._tenants[change.owner]
            missing = _days(change, tenant) - tenant.loaded_days
            if missing:
                days.setdefault(change.owner, set()).update(missing)
        if days:
            await load_days(connection, self._tenants, days)
        for change in changes:
            self._tenants.move_to_end(change.owner)

    def _trim(self, changes: Sequence[Change]) -> None:
        for change in changes:
            tenant = self._tenants.get(change.owner)
            if tenant is not None and len(tenant.executions) > MOST_EXECUTIONS:
                del self._tenants[change.owner]
        while len(self._tenants) > MOST_TENANTS:
            self._tenants.popitem(last=False)


def _apply_report(
    change: Reported, tenant: Tenant, group: Group, next_number: Callable[[], ExecutionNumber]
) -> Rejection | None:
    report = change.report
    execution = tenant.executions[report.execution]
    judged = take_report(tenant, execution, report, next_number, group.now)
    if report.days or report.sequence == execution.sequence:
        days = [tenant.day(execution.stage, day.day) for day in report.days]
        group.keep_quietly(tenant, execution, *days)
    if judged.touched:
        group.note(tenant, judged.touched, execution.run_id, execution.stage.value.lower())
    if judged.verdict is Verdict.APPLIED:
        return None
    if judged.verdict is not Verdict.DUPLICATE:
        group.rejected.append((execution, report, judged.verdict, judged.message))
    return Rejection(report.execution, report.sequence, judged.verdict)


def _apply_command(
    change: Asked, tenant: Tenant, group: Group, next_number: Callable[[], ExecutionNumber]
) -> object:
    try:
        return change.command.apply(tenant, group, next_number)
    except DomainError as refusal:
        return refusal


def _give(future: asyncio.Future[object], answer: object) -> None:
    if isinstance(answer, DomainError):
        future.set_exception(answer)
    else:
        future.set_result(answer)


def _abandoned(change: Change) -> bool:
    return isinstance(change, Asked) and change.answer.done()


def _numbers(change: Change) -> int:
    if type(change) is Reported:
        return 1 if change.report.state.ended else 0
    assert isinstance(change, Asked)
    return change.command.numbers


def _executions(change: Change) -> Sequence[ExecutionNumber]:
    if type(change) is Reported:
        return (change.report.execution,)
    assert isinstance(change, Asked)
    return change.command.executions


def _days(change: Change, tenant: Tenant) -> set[str]:
    """Return the ledger days a change reads or writes; an ending one needs the whole range of its run."""
    if type(change) is Reported:
        report = change.report
        days = {day.day for day in report.days}
        if report.state.ended:
            execution = tenant.executions[report.execution]
            days |= _range_days(tenant, execution)
        return days
    assert isinstance(change, Asked)
    return set(change.command.days)


def _range_days(tenant: Tenant, execution: Execution) -> set[str]:
    return {day.isoformat() for day in tenant.runs[execution.run_id].range.days}


class Lanes:
    """The lanes of a replica, chosen by the hash of the owner."""

    def __init__(self, dsn: str, publish: Publish) -> None:
        self._lanes = [Lane(dsn, publish) for _ in range(LANES)]

    def of(self, owner: Owner) -> Lane:
        """Return the lane that has the owner's rows; the same in every replica."""
        return self._lanes[zlib.crc32(owner.encode()) % LANES]

    def forget(self, owner: Owner) -> None:
        """Note that another replica has changed rows of an owner."""
        self.of(owner).forget(owner)

    async def ask(self, command: Command) -> object:
        """Run a command through its lane; returns its answer after the commit, raises its refusal."""
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        await self.of(command.owner).put([Asked(command.owner, command, answer)])
        return await answer

    async def run(self) -> None:
        """Commit until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for lane in self._lanes:
                tasks.create_task(lane.run())
