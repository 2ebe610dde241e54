"""The fan-out of a replica: a ring of encoded changes, and watchers that own nothing but a cursor.

Watchers are woken in cohorts from a budget of messages a second, not all by one tick: no burst blocks the loop, and what
arrives while a cohort waits for its turn leaves in one frame. The budget follows the loop's lag and how busy the process
is: a message costs a tenth of a millisecond whatever is in it, so fewer and fuller ones leave room for reports.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.coordinator.commit.group import Entry
from services.coordinator.watch.domain import Filter, Published
from services.coordinator.wire.frames import FRAME_BYTES, frame_element

RING_CHANGES = 100_000
RING_BYTES = 64 << 20
COHORT = 32
MOST_MESSAGES_A_SECOND = 6_000.0
LEAST_MESSAGES_A_SECOND = 1_000.0
LAG_SECONDS = 0.02
BUSY = 0.8
"""The share of one core above which the budget shrinks, as it does when the loop lags by more than LAG_SECONDS."""
ADAPT_SECONDS = 0.1
CACHED_FRAMES = 64


@dataclass(slots=True)
class Slice:
    """The matching changes up to `revision`, joined; empty where none matches."""

    elements: bytes
    revision: int
    frame: bytes = b""
    """The whole frame, once the first of the watchers that share it has made it."""


@dataclass(slots=True, eq=False)
class Cohort:
    """Watchers that are woken together; they see the log up to `visible`."""

    visible: int
    size: int = 0
    waiters: list[asyncio.Future[None]] = field(default_factory=list)


class Hub:
    """What the watchers of a replica read: fed in the order of revisions, without holes."""

    def __init__(self) -> None:
        self.head = 0
        self.draining = False
        """True once the replica stops and whoever follows the log is to leave."""
        self._ring: list[Published] = []
        self._bytes = 0
        self._cohorts: list[Cohort] = []
        self._turn = 0
        self._allowed = float(COHORT)
        self._budget = MOST_MESSAGES_A_SECOND
        self._refilled_at = 0.0
        self._step_due_at: float | None = None
        self._lag = 0.0
        self._adapted_at = 0.0
        self._used_cpu = time.process_time()
        self._frames: OrderedDict[tuple[Filter, int, int], Slice] = OrderedDict()

    def start_at(self, revision: int) -> None:
        """Begin an empty ring behind `revision`."""
        self.head = revision
        self._ring.clear()
        self._bytes = 0

    @property
    def oldest(self) -> int:
        """The revision before the oldest in the ring: a cursor below it must read from Postgres."""
        return self.head - len(self._ring)

    def publish(self, first: int, entries: Sequence[Entry]) -> None:
        """Append changes; `first` must be the revision after the head."""
        assert first == self.head + 1, f"revision {first} after {self.head}: the log has a hole"
        for revision, entry in enumerate(entries, first):
            owner, topic, body, _ = entry
            element = frame_element(body, revision)
            self._ring.append(Published(revision, owner, topic, element))
            self._bytes += len(element)
        self.head += len(entries)
        self._shrink()
        self._step()

    def _shrink(self) -> None:
        if len(self._ring) <= RING_CHANGES and self._bytes <= RING_BYTES:
            return
        # Half at once: cutting a list from the front costs its length.
        for change in self._ring[: len(self._ring) // 2]:
            self._bytes -= len(change.element)
        del self._ring[: len(self._ring) // 2]

    def changes(self, after: int, until: int) -> list[Published]:
        """Return the changes after a cursor that lies in the ring, up to `until`."""
        return self._ring[after - self.oldest : until - self.oldest]

    def slice(self, filter_: Filter, after: int, until: int) -> Slice:
        """Join the matching changes after a cursor in the ring: as many as fit in a frame, at least one."""
        key = (filter_, after, until)
        cached = self._frames.get(key)
        if cached is not None:
            return cached
        found = join(self.changes(after, until), filter_, until)
        self._frames[key] = found
        if len(self._frames) > CACHED_FRAMES:
            self._frames.popitem(last=False)
        return found

    def join(self) -> Cohort:
        """Enter a cohort that is not full."""
        for cohort in self._cohorts:
            if cohort.size < COHORT:
                break
        else:
            cohort = Cohort(self.head)
            self._cohorts.append(cohort)
        cohort.size += 1
        return cohort

    def leave(self, cohort: Cohort) -> None:
        """Leave a cohort."""
        cohort.size -= 1
        if cohort.size == 0:
            self._cohorts.remove(cohort)

    async def newer(self, cohort: Cohort, cursor: int) -> None:
        """Wait until the cohort sees more than `cursor`, or is woken for something else."""
        if cohort.visible > cursor:
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        cohort.waiters.append(waiter)
        await waiter

    def drain(self) -> None:
        """Have everybody who follows the log leave."""
        self.draining = True
        for cohort in self._cohorts:
            _wake(cohort)

    def _step(self) -> None:
        """Let cohorts see the head, in turn, as the budget allows; comes back by itself while some are behind."""
        if self._step_due_at is not None:
            return
        loop = asyncio.get_running_loop()
        self._refill(loop.time())
        for _ in range(len(self._cohorts)):
            self._turn = (self._turn + 1) % len(self._cohorts)
            cohort = self._cohorts[self._turn]
            if cohort.visible >= self.head:
                continue
            if self._allowed < cohort.size:
                self._turn -= 1
                delay = (cohort.size - self._allowed) / self._budget
                self._step_due_at = loop.time() + delay
                loop.call_later(delay, self._step_again)
                return
            self._allowed -= len(cohort.waiters)
            cohort.visible = self.head
            _wake(cohort)

    def _step_again(self) -> None:
        assert self._step_due_at is not None
        now = asyncio.get_running_loop().time()
        self._lag = max(self._lag, now - self._step_due_at)
        self._step_due_at = None
        if now - self._adapted_at > ADAPT_SECONDS:
            self._adapt(now)
        self._step()

    def _adapt(self, now: float) -> None:
        cpu = time.process_time()
        busy = (cpu - self._used_cpu) / (now - self._adapted_at)
        factor = 0.8 if busy > BUSY or self._lag > LAG_SECONDS else 1.05
        self._budget = min(
            MOST_MESSAGES_A_SECOND, max(LEAST_MESSAGES_A_SECOND, self._budget * factor)
        )
        self._lag, self._adapted_at, self._used_cpu = 0.0, now, cpu

    def _refill(self, now: float) -> None:
        self._allowed += (now - self._refilled_at) * self._budget
        self._allowed = min(self._allowed, float(COHORT))
        self._refilled_at = now


def join(changes: Sequence[Published], filter_: Filter, until: int) -> Slice:
    """Join the elements of matching changes up to the size of a frame; a change is never split."""
    elements: list[bytes] = []
    size = 0
    for change in changes:
        if not filter_.matches(change):
            continue
        if elements and size + len(change.element) > FRAME_BYTES:
            return Slice(b"".join(elements), change.revision - 1)
        elements.append(change.element)
        size += len(change.element)
    return Slice(b"".join(elements), until)


def _wake(cohort: Cohort) -> None:
    waiters, cohort.waiters = cohort.waiters, []
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)
