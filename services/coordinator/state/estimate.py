"""How long the open items of an execution will take, from what its reports have shown of the ended ones. Pure.

What an item costs is the time a worker holds it, as a line over the length of its call. How many workers there are is
seen from how many items are held at once. The time left is then that of a schedule: whoever is free first takes the
next item. docs: ADR 49; `python -m benchmarks eta` says how good it is.
"""

import heapq
import math
from collections import deque
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from services.status.domain import ItemCounts

RATED_AFTER_SECONDS = 5.0
"""The least age of a rate. A younger one says nothing: the first of four recordings may be one that fails at once."""
MEMORY = 0.15
"""The share of all items that are the recent ones: a machine may become slower."""
LEAST_MEMORY = 10.0
"""But at least so many items."""
PROPORTIONAL = 0.3
"""How much it takes to believe that a cost does not grow with the length of the call: the variance of lengths, relative."""
UNSURE = 0.5
"""By what part that belief may be wrong."""
EARLIER_ITEMS = 3.0
"""What earlier runs cost counts as so many items."""
NOISE, NOISE_ITEMS = 0.2, 3.0
"""The spread of costs for calls of one length, before so many items have shown their own."""
OVERDUE = 0.3
"""How long an item is expected to go on when its time is over, in spreads."""
TAIL, LAST_TAIL = 0.25, 0.2
"""By how many spreads the last worker is later than the mean one: while items are pending, and after."""
REPEATED_WAITS = 0.3
"""The part of the time waited for so far that is expected again, in proportion to the work."""
BEYOND_CHANCE = 1.5
"""What items cost of late is believed as far as it differs by more than chance would have it, in variances."""
CHANGED = 0.6
"""Where it is believed so far, what items cost before is forgotten."""
LAST, DRIFT = 1.4, 0.08
"""How uncertain an end is beside the mean of costs: by the last item, in variances, and by what may change, as a part."""
LEAST_LENGTH = 0.1
"""Calls that are shorter together have no length at all."""
FIRST_SECONDS = 0.5
"""Items taken within that time of the first are the first ones."""
FEWEST, FEW = 2.0, 4.0
"""So many ended items show a spread; of fewer than so many the mean is not believed yet."""
MOST_WORKERS = 16
"""More are not scheduled one by one."""


class HeldItem(NamedTuple):
    """An item that a worker holds: since when, and how long its call is, both in seconds."""

    item_id: str
    begun_at: float
    length: float | None


class Details(NamedTuple):
    """What a report says of items beside their counts; lengths are seconds of sound, 0 where none is known.

    `at_work` may list fewer items than are held. `until_at` is when a stated wait ends.
    """

    ended_length: float = 0.0
    processing_length: float = 0.0
    pending_length: float = 0.0
    at_work: tuple[HeldItem, ...] = ()
    until_at: float | None = None


NO_DETAILS = Details()


class Remaining(NamedTuple):
    """How many seconds it takes, by how many that may be wrong (a standard deviation), and when the next item ends."""

    seconds: float
    spread: float
    next: float


class Work(NamedTuple):
    """What one report says of the items of an execution, in the fields of ItemCounts and Details."""

    ended: int
    processing: int
    pending: int
    ended_length: float = 0.0
    processing_length: float = 0.0
    pending_length: float = 0.0
    at_work: tuple[HeldItem, ...] = ()
    until_at: float | None = None
    waiting: bool = False

    @classmethod
    def of(cls, counts: ItemCounts, details: Details, *, waiting: bool) -> "Work":
        """Return counts and details as one."""
        return cls(counts.ended, counts.processing, counts.pending, *details, waiting)

    @property
    def open(self) -> int:
        """Items that have not ended."""
        return self.processing + self.pending

    @property
    def length(self) -> float:
        """The length of all calls, 0 where it is unknown."""
        length = self.ended_length + self.processing_length + self.pending_length
        return length if length >= LEAST_LENGTH else 0.0

    @property
    def mean_length(self) -> float:
        """The mean length of a call, 1 where lengths are unknown: then all are alike."""
        items = self.ended + self.open
        return self.length / items if items and self.length else 1.0


@dataclass(slots=True)
class _Costs:
    """Sums over costs and lengths of items, lengths relative to the mean, from which a line is fitted."""

    items: float = 0.0
    x: float = 0.0
    xx: float = 0.0
    seconds: float = 0.0
    x_seconds: float = 0.0
    squares: float = 0.0

    def fade(self, factor: float) -> None:
        self.items *= factor
        self.x *= factor
        self.xx *= factor
        self.seconds *= factor
        self.x_seconds *= factor
        self.squares *= factor

    def add(self, x: float, seconds: float, items: float = 1.0) -> None:
        self.items += items
        self.x += items * x
        self.xx += items * x * x
        self.seconds += items * seconds
        self.x_seconds += items * x * seconds
        self.squares += items * seconds * seconds

    def plus(self, other: "_Costs", share: float) -> "_Costs":
        return _Costs(
            self.items + share * other.items,
            self.x + share * other.x,
            self.xx + share * other.xx,
            self.seconds + share * other.seconds,
            self.x_seconds + share * other.x_seconds,
            self.squares + share * other.squares,
        )


class _Line(NamedTuple):
    """The cost of an item by its relative length, with two spreads: for one length, and over all lengths."""

    mean: float
    mean_x: float
    slope: float
    noise: float
    spread: float
    items: float
    """Of how many items it is known."""
    unsure: float
    """By what part the slope may be wrong."""

    def times(self, factor: float) -> "_Line":
        return self._replace(
            mean=self.mean * factor, slope=self.slope * factor, spread=self.spread * factor
        )

    def __call__(self, x: float) -> float:
        return max(0.05 * self.mean, self.mean + self.slope * (x - self.mean_x))


@dataclass(slots=True)
class Pace:
    """What the reports of one execution have shown so far. Kept in memory: after a restart it begins anew."""

    earlier: float | None = None
    """Seconds an item took in earlier runs, by the clock, all workers together; None where unknown."""
    last: Work | None = None
    last_at: float = 0.0
    begun_at: float | None = None
    """When the first item was taken: those taken then pay for what starts up."""
    first: _Costs = field(default_factory=_Costs)
    later: _Costs = field(default_factory=_Costs)
    recent: _Costs = field(default_factory=_Costs)
    """What later items cost of late: fading."""
    busy: float = 0.0
    """Seconds in which workers had enough to do, fading."""
    held: float = 0.0
    """Seconds in which they held items meanwhile, of each worker."""
    moving: float = 0.0
    """Seconds in which items were held, not fading."""
    moved: float = 0.0
    """Items that ended meanwhile."""
    waited: float = 0.0
    """Seconds of stated waits, not fading."""
    ended: float = 0.0
    """Items that ended while there was work, fading."""
    open: float = 0.0
    """Seconds in which there was work, fading."""
    quick: int = 0
    """How many reports have followed one another quickly."""
    unlisted: deque[tuple[float, int]] = field(default_factory=deque)
    """Since when how many items are held that reports do not list, the oldest first."""

    @property
    def length(self) -> float:
        """The length of all calls, 0 where it is unknown."""
        return self.last.length if self.last else 0.0

    @property
    def rate(self) -> float:
        """Items that ended per second of late; 0 where none has."""
        return self.ended / self.open if self.open else 0.0

    def take(self, work: Work, now: float, created_at: float) -> None:
        """Take what a report at `now` says, of an execution created at `created_at`."""
        before, self.last = self.last, work
        if self.begun_at is None and work.processing:
            self.begun_at = min((item.begun_at for item in work.at_work), default=now)
            self.moving = max(0.0, now - self.begun_at)
        if before is None:
            age = max(0.0, now - created_at)
            if work.ended and age >= RATED_AFTER_SECONDS:
                # A coordinator that has just started knows no more than how long all took so far.
                items = min(work.ended, LEAST_MEMORY)
                held = age * max(1, work.processing)
                self.ended, self.open = float(work.ended), age
                self.later.add(
                    _relative(work, work.ended_length, work.ended), held / work.ended, items
                )
            self._hold(work, now, 0)
        else:
            self._take_difference(before, work, now)
        self.last_at = now

    def _take_difference(self, before: Work, work: Work, now: float) -> None:
        seconds = max(0.0, now - self.last_at)
        ended = max(0, work.ended - before.ended)
        memory = max(LEAST_MEMORY, MEMORY * (work.ended + work.open))
        factor = math.exp(-ended / memory)
        self.ended = factor * self.ended + ended
        self.open = factor * self.open + (seconds if before.open else 0.0)
        if before.processing and before.pending:
            self.busy = factor * self.busy + seconds
            self.held = factor * self.held + seconds * before.processing
        if before.waiting:
            self.waited += seconds
        elif before.processing:
            self.moving += seconds
            self.moved += ended
        listed = {item.item_id: item.begun_at for item in work.at_work}
        gone = [item for item in before.at_work if listed.get(item.item_id) != item.begun_at]
        # Of those that went back to be tried again, the time counts and the item does not.
        share = min(1.0, ended / len(gone)) if gone else 1.0
        for item in gone:
            x = _relative(work, item.length, 1)
            self._add(item.begun_at, x, max(0.0, now - item.begun_at), share, memory)
        rest = ended - len(gone)
        if rest > 0:
            length = work.ended_length - before.ended_length - sum(i.length or 0 for i in gone)
            self._end_unlisted(rest, _relative(work, max(0.0, length), rest), seconds, now, memory)
        moved = sum(item.begun_at < self.last_at for item in work.at_work) - (
            len(before.at_work) - len(gone)
        )
        self._hold(work, now, max(0, moved))

    def _end_unlisted(
        self, count: int, x: float, seconds: float, now: float, memory: float
    ) -> None:
        """Note the ends of items that were not listed: those that were held longest, or never seen at work."""
        left, begun_at, total = count, now, 0.0
        while left and self.unlisted:
            begun_at, held = self.unlisted.popleft()
            ended = min(left, held)
            total += ended * (now - begun_at)
            left -= ended
            if held > ended:
                self.unlisted.appendleft((begun_at, held - ended))
        processing = self.last.processing if self.last else 1
        total += left * min(seconds, 0.5 * seconds * max(1, processing) / count)
        self._add(begun_at, x, total / count, count, memory)

    def _add(self, begun_at: float, x: float, seconds: float, items: float, memory: float) -> None:
        is_first = self.begun_at is not None and begun_at <= self.begun_at + FIRST_SECONDS
        self.recent.fade(math.exp(-items / memory))
        for costs in (self.first,) if is_first else (self.later, self.recent):
            costs.add(x, seconds, items)
            costs.seconds += max(0.0, 1 - items) * seconds

    def _hold(self, work: Work, now: float, listed: int) -> None:
        """Keep since when the items are held that are not listed; `listed` of them are listed by now."""
        wanted = max(0, work.processing - len(work.at_work))
        held = sum(count for _, count in self.unlisted)
        drop = max(min(listed, held), held - wanted)
        while drop and self.unlisted:
            begun_at, count = self.unlisted.popleft()
            if count > drop:
                self.unlisted.appendleft((begun_at, count - drop))
            drop -= min(drop, count)
        held = sum(count for _, count in self.unlisted)
        if wanted > held:
            self.unlisted.append((now, wanted - held))

    def remaining(self, now: float) -> Remaining | None:
        """Return how many seconds the open items are expected to take; None where nothing is known of their cost."""
        work = self.last
        if work is None:
            return None
        if not work.open:
            return Remaining(0.0, 0.0, 0.0)
        workers = self._workers(work)
        line = self._line(work, workers)
        if line is None:
            return None
        line = self._with_held(line, work, now)
        held = self._held(work, now, line)
        seconds = self._seconds(work, workers, line, held, now)
        # The first items may have paid for what starts up.
        known = self.earlier or self.later.items
        spread = self._spread(work, workers, line, seconds) if known else seconds
        return Remaining(seconds, spread, min(held, default=0.0))

    def _spread(self, work: Work, workers: int, line: _Line, seconds: float) -> float:
        """Return by how much the time left may be wrong: what items differ by, what their mean and slope may, the last."""
        at_once = min(workers, work.open)
        each = work.open / at_once
        noise = line.noise * (line.mean if work.pending else min(line.mean, seconds))
        variance = noise * noise * (each / at_once + each * each / max(1.0, line.items))
        last = line.spread if work.pending else noise
        if work.pending:
            away = abs(_relative(work, work.pending_length, work.pending) - line.mean_x)
            variance += (each * line.slope * away * line.unsure) ** 2
        variance += LAST * (_harmonic(at_once) - 1) * last * last + (DRIFT * seconds) ** 2
        return math.sqrt(variance)

    def _seconds(
        self, work: Work, workers: int, line: _Line, held: list[float], now: float
    ) -> float:
        """Return how long the open items take: those that are held, and what is pending after them."""
        if not work.pending:
            return max(held) * (1 + LAST_TAIL * line.noise * (_harmonic(len(held)) - 1))
        wait = max(0.0, work.until_at - now) if work.waiting and work.until_at else 0.0
        used = min(1.0, max(0.3, self.held / self.busy / workers)) if self.busy else 1.0
        mean = line(_relative(work, work.pending_length, work.pending)) / used
        if workers > MOST_WORKERS:
            seconds = wait + (work.pending + work.processing / 2) * mean / workers
        else:
            idle = max(0, workers - len(held))
            seconds = _schedule(held + [wait] * idle, work.pending, mean)
        tail = TAIL * line.spread * (_harmonic(workers) - 1)
        seconds += tail * work.pending / (work.pending + workers)
        if self.waited:
            again = REPEATED_WAITS * self.waited / (self.moving + self.waited)
            seconds += again * max(0.0, seconds - wait)
        if self.moved and not work.length:
            # Nothing is known of items but their number: the mean of the time so far is as good a guess.
            moving = max(0.0, self.moving - self._start_up(line))
            seconds = math.sqrt(max(seconds, wait) * (wait + work.open * moving / self.moved))
        return max(seconds, wait)

    def _start_up(self, line: _Line) -> float:
        """Return how much longer the first items took, where that is no chance: what started up meanwhile."""
        first = self.first
        if not first.items or not self.later.items:
            return 0.0
        longer = first.seconds / first.items - line(first.x / first.items)
        return longer if longer > 2 * line.noise * line.mean / math.sqrt(first.items) else 0.0

    def _workers(self, work: Work) -> int:
        mean = self.held / self.busy if self.busy else 0.0
        return max(1, work.processing, round(mean))

    def _line(self, work: Work, workers: int) -> _Line | None:
        """Fit the cost of an item over its length; that of the first ones fades where later ones cost less."""
        later = self.later.items
        known = self.later.plus(self.first, max(0.0, 1 - 4 * later / workers))
        if self.earlier:
            known.add(1.0, self.earlier * workers, EARLIER_ITEMS)
        if known.items <= 0 or known.seconds <= 0:
            return None
        items, mean, mean_x = known.items, known.seconds / known.items, known.x / known.items
        variance = max(0.0, known.xx - known.x * mean_x)
        covariance = known.x_seconds - known.x * mean
        squares = max(0.0, known.squares - known.seconds * mean)
        slope = 0.0
        if work.length:
            slope = (covariance / mean + PROPORTIONAL / max(mean_x, 0.2)) / (
                variance + PROPORTIONAL
            )
            slope = mean * min(max(slope, 0.0), 1 / max(mean_x, 0.05))
        left = max(0.0, squares - 2 * slope * covariance + slope * slope * variance)
        own = items >= FEWEST
        noise = left / (items - 1) / (mean * mean) if own else NOISE**2
        noise = math.sqrt((noise * items + NOISE_ITEMS * NOISE**2) / (items + NOISE_ITEMS))
        spread = math.sqrt(squares / (items - 1)) if own else NOISE * mean
        if work.length:
            spread = math.hypot(spread, noise * mean)
        line = _Line(
            mean, mean_x, slope, noise, spread, items, UNSURE / (1 + variance / PROPORTIONAL)
        )
        return self._as_of_late(line)

    def _as_of_late(self, line: _Line) -> _Line:
        """Return the line, raised or lowered by what items cost of late as far as that is no chance.

        After a change that is beyond doubt, what items cost before is forgotten.
        """
        recent = self.recent
        if recent.items < FEW or not recent.seconds:
            return line
        x, mean = recent.x / recent.items, recent.seconds / recent.items
        off = mean / line(x) - 1
        variance = max(0.0, recent.squares / recent.items - mean * mean)
        variance -= line.slope * line.slope * max(0.0, recent.xx / recent.items - x * x)
        noise = min(line.noise, max(0.5 * line.noise, math.sqrt(max(0.0, variance)) / mean))
        chance = noise * noise / recent.items
        believed = max(0.0, 1 - BEYOND_CHANCE * chance / (off * off)) if off else 0.0
        if believed > CHANGED:
            self.later = replace(recent)
        return line.times(1 + believed * off)._replace(
            items=(1 - believed) * line.items + believed * recent.items
        )

    def _with_held(self, line: _Line, work: Work, now: float) -> _Line:
        """Return the line raised by what is held: the first to end are the quick ones, more so the more costs differ."""
        ended = self.first.seconds + self.later.seconds
        held = sum(max(0.0, now - item.begun_at) for item in work.at_work)
        held += sum(max(0.0, now - begun_at) * count for begun_at, count in self.unlisted)
        factor = 1 + min(1.0, line.noise * line.noise) * held / ended if ended else 1.0
        return line.times(factor)

    def _held(self, work: Work, now: float, line: _Line) -> list[float]:
        """Return how long each held item is expected to be held yet."""
        items = [
            (max(0.0, now - item.begun_at), line(_relative(work, item.length, 1)))
            for item in work.at_work
        ]
        mean = line(_relative(work, work.processing_length, work.processing))
        for begun_at, count in self.unlisted:
            items += [(max(0.0, now - begun_at), mean)] * min(count, MOST_WORKERS)
        few = self.first.items + self.later.items
        if few < FEW and items:
            # The first to end may be one that failed at once: what is held for longer than expected costs more.
            seen = self.first.seconds + self.later.seconds
            held = seen + sum(age for age, _ in items)
            expected = seen + sum(min(age, cost) for age, cost in items)
            factor = held / expected if expected else 1.0
            items = [(age, cost * factor) for age, cost in items]
        return [_left(age, cost, OVERDUE * line.noise) for age, cost in items]


def _relative(work: Work, length: float | None, items: int) -> float:
    """Return the mean length of some items, relative to that of all; 1 where it is unknown."""
    if not work.length or length is None or not items:
        return 1.0
    return length / items / work.mean_length


def _left(age: float, cost: float, overdue: float) -> float:
    """Return what is left of a cost after some time; never quite nothing, and never less than nothing."""
    part = 1 - age / cost
    return cost * (part + math.sqrt(part * part + 4 * overdue * overdue)) / 2


def _schedule(free: list[float], pending: int, cost: float) -> float:
    """Return when the last worker ends: they are free at times, and whoever is first takes an item of the cost."""
    workers = len(free)
    rounds = max(0, pending // workers - 1)
    heapq.heapify(free)
    for _ in range(pending - rounds * workers):
        heapq.heapreplace(free, free[0] + cost)
    return max(free) + rounds * cost


def _harmonic(count: int) -> float:
    """Return 1 + 1/2 + … + 1/count: how late the last of so many is, where one alone is 1."""
    return max(1.0, math.log(count) + 0.5772 + 1 / (2 * count) - 1 / (12 * count * count))
