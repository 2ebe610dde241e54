"""Group commit: whatever waits goes into Postgres in one transaction, in two lanes by owner.

While one lane's group is on its way to the disk the other gathers; they meet only at the log head. A lane keeps the rows of
its owners in memory under the owner's version. When a group fails, they are dropped, read again, and the group is tried
again: what was stored after all comes out as DUPLICATE. Nothing is acknowledged before its commit.
"""

import asyncio
import zlib
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence

import structlog

from services.coordinator.commit import repository
from services.coordinator.commit.changes import (
    Asked,
    Batch,
    Change,
    Command,
    Part,
    Reported,
    apply,
)
from services.coordinator.commit.group import Entry, Group
from services.coordinator.commit.loading import load, owners_of_change
from services.coordinator.state.reports import Verdict
from services.coordinator.state.tenant import Tenant
from services.coordinator.wire.reports import Rejection
from services.kernel.clock import utc_now
from services.kernel.errors import DatabaseAway, DomainError
from services.kernel.outage import Outage, go_on_ending
from services.kernel.postgres import Connection
from services.kernel.postgres_errors import why_away
from services.status.domain import Owner

log = structlog.get_logger()

LANES = 2
MOST_CHANGES = 1_000
MOST_BYTES = 1 << 20
"""Limits of a group. A part is never split, so a group may exceed them by one."""
MOST_WAITING = 8_000
MOST_TENANTS = 4_000
MOST_EXECUTIONS = 64
"""Executions of one owner in memory. Where late reports of ended ones add more, all rows of the owner are dropped."""
MOST_BOTS = 256
"""Bots of one owner that were looked for. Where there are more, all rows of the owner are dropped likewise."""
RACE_SECONDS = 0.1
"""A constraint that stays violated for longer is no race with another replica, which reading again would resolve."""
COMMAND_SECONDS = 5.0
"""A command is tried again for so long while Postgres does not do its work; then its caller is told why."""

Publish = Callable[[int, Sequence[Entry]], None]
"""Is told of every commit: its first revision and its entries."""
Deliver = Callable[[], None]
"""Is told of every commit that a stage service has to be told of."""


class Lane:
    """Commits the changes of its owners, one group at a time."""

    def __init__(
        self, dsn: str, publish: Publish, deliver: Deliver, *, name: str, pooled: bool
    ) -> None:
        self._dsn = dsn
        self._pooled = pooled
        self._outage = Outage(name)
        self._publish = publish
        self._deliver = deliver
        self._queue: deque[Change] = deque()
        self._waiting = 0
        self._arrived = asyncio.Event()
        self._below_limit = asyncio.Event()
        self._below_limit.set()
        self._tenants: OrderedDict[Owner, Tenant] = OrderedDict()
        self._outdated: set[Owner] = set()
        self._connection: Connection | None = None

    async def put(self, change: Change) -> None:
        """Queue a change; waits while too many are queued, which holds back the sender."""
        await self._below_limit.wait()
        self._queue.append(change)
        self._waiting += _count(change)
        if self._waiting >= MOST_WAITING:
            self._below_limit.clear()
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
            self._disconnect()

    def _take(self) -> list[Change]:
        changes: list[Change] = []
        taken = 0
        size = 0
        while self._queue and taken < MOST_CHANGES and size < MOST_BYTES:
            change = self._queue.popleft()
            changes.append(change)
            taken += _count(change)
            size += change.size if isinstance(change, Part) else 0
        self._waiting -= taken
        if self._waiting < MOST_WAITING:
            self._below_limit.set()
        return changes

    async def _settle(self, changes: list[Change]) -> None:
        """Commit a group: again after a failure from outside, change by change where the group itself is at fault."""
        delay = 0.01
        loop = asyncio.get_running_loop()
        patient_until = loop.time() + COMMAND_SECONDS
        while changes:
            try:
                await self._commit(changes)
            except repository.Outdated:
                await asyncio.sleep(delay)
            except repository.Violation as error:
                if delay > RACE_SECONDS:
                    await self._settle_singly(changes, error)
                    return
                await asyncio.sleep(delay)
            except repository.Unwritable as error:
                await self._settle_singly(changes, error)
                return
            except Exception as error:
                go_on_ending()
                why = why_away(error)
                if why is None and not isinstance(error, repository.Refused):
                    log.exception("group_faulty", changes=len(changes))
                    await self._settle_singly(changes, error)
                    return
                self._disconnect()  # it may lead to a server that is no more
                self._outage.begin(why or repr(error))
                if why is not None and loop.time() > patient_until:
                    self._refuse(changes, DatabaseAway(why))
                await asyncio.sleep(delay)
            else:
                self._outage.end()
                return
            self._drop(changes)
            delay = min(delay * 2, 1.0)
            changes = [c for c in changes if isinstance(c, Part) or not c.answer.done()]

    async def _settle_singly(self, changes: list[Change], error: Exception) -> None:
        """Reject a change that is alone; commit each of several alone, so that those without fault pass."""
        self._drop(changes)
        singles = [single for change in changes for single in _singles(change)]
        if len(singles) > 1:
            for single in singles:
                await self._settle([single])
            return
        log.error("change_rejected", error=repr(error), change=repr(singles[0])[:500])
        for single in singles:
            if isinstance(single, Part):
                raw = single.reports[0].raw
                rejection = Rejection(raw.execution, raw.sequence, Verdict.ILLEGAL)
                single.batch.settle(1, [rejection])
            elif not single.answer.done():
                single.answer.set_exception(error)

    def _refuse(self, changes: Sequence[Change], error: DomainError) -> None:
        """Answer who waits for a command, also behind this group; reports wait on: they would only be sent again."""
        refused = [change for change in self._queue if not isinstance(change, Part)]
        self._queue = deque(change for change in self._queue if isinstance(change, Part))
        self._waiting -= len(refused)
        if self._waiting < MOST_WAITING:
            self._below_limit.set()
        for change in (*changes, *refused):
            if not isinstance(change, Part) and not change.answer.done():
                change.answer.set_exception(error)

    def _drop(self, changes: Sequence[Change]) -> None:
        for change in changes:
            for owner in owners_of_change(change):
                self._tenants.pop(owner, None)

    async def _commit(self, changes: Sequence[Change]) -> None:
        connection = await self._connected()
        while self._outdated:
            self._tenants.pop(self._outdated.pop(), None)
        numbers = await load(connection, changes, self._tenants)
        group = Group(utc_now())
        apply(changes, self._tenants, group, numbers.popleft)
        if not group.empty:
            revision = await repository.commit_group(connection, group)
            if group.entries:
                self._publish(revision - len(group.entries) + 1, group.entries)
            if group.deliveries:
                self._deliver()
        for change in changes:
            if isinstance(change, Part):
                change.batch.settle(len(change.reports), change.rejections)
            else:
                _answer(change)
        self._trim(group)

    async def _connected(self) -> Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await repository.connect(self._dsn, pooled=self._pooled)
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    def _trim(self, group: Group) -> None:
        """Drop the rows of owners that have too many, and of those used least lately."""
        for owner, tenant in group.tenants.items():
            if len(tenant.executions) > MOST_EXECUTIONS or len(tenant.loaded_bots) > MOST_BOTS:
                self._tenants.pop(owner, None)
            elif owner in self._tenants:
                self._tenants.move_to_end(owner)
        while len(self._tenants) > MOST_TENANTS:
            self._tenants.popitem(last=False)


def _count(change: Change) -> int:
    return len(change.reports) if isinstance(change, Part) else 1


def _singles(change: Change) -> list[Change]:
    if isinstance(change, Part):
        return [Part(change.batch, [report], 0) for report in change.reports]
    return [change]


def _answer(asked: Asked) -> None:
    if asked.answer.done():
        return
    if isinstance(asked.outcome, DomainError):
        asked.answer.set_exception(asked.outcome)
    else:
        asked.answer.set_result(asked.outcome)


class Lanes:
    """The lanes of a replica, chosen by the hash of the owner."""

    def __init__(
        self, dsn: str, publish: Publish, deliver: Deliver, *, pooled: bool = False
    ) -> None:
        """`pooled` is that of `kernel.postgres.session`."""
        self._lanes = [
            Lane(dsn, publish, deliver, name=f"lane {number}", pooled=pooled)
            for number in range(LANES)
        ]

    def of(self, owner: Owner) -> Lane:
        """Return the lane that has the owner's rows."""
        return self._lanes[zlib.crc32(owner.encode()) % LANES]

    def forget(self, owner: Owner) -> None:
        """Note that another replica has changed rows of an owner."""
        self.of(owner).forget(owner)

    async def put(self, batch: Batch, reports: Sequence[Reported], size: int) -> None:
        """Queue the reports of a message of `size` bytes."""
        parts: dict[Lane, list[Reported]] = {}
        for report in reports:
            parts.setdefault(self.of(report.owner), []).append(report)
        for lane, part in parts.items():
            await lane.put(Part(batch, part, size * len(part) // len(reports)))

    async def ask(self, command: Command) -> object:
        """Run a command through its lane; returns its answer after the commit, raises its refusal."""
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        await self.of(command.owner).put(Asked(command, answer))
        return await answer

    async def run(self) -> None:
        """Commit until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for lane in self._lanes:
                tasks.create_task(lane.run())
