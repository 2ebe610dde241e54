"""Executions as they might go: what their services would report and when, from a seed. No clock, no sleep.

The odds are those of a stage service: workers take the items in turn, whoever is free first; what happens within 50 ms
is one report. Nothing here knows how the time left is estimated.
"""

import heapq
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import log

from services.coordinator.state.estimate import Details, HeldItem
from services.status.domain import ItemCounts

Cost = Callable[[float], float]
"""The seconds a worker holds an item, by the length of its call."""

DEBOUNCE = 0.05
RETRY_AFTER = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a service reports at a time, in seconds since the execution began."""

    at: float
    counts: ItemCounts
    discovered: bool
    waiting: bool
    details: Details


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How an execution goes: `cost` of each of `lengths`, at `workers` at a time.

    `known`: the lengths are reported. `start_up` is what the first item of each worker costs beside. From `turn_at` on
    everything takes `turn` times as long. `waits` are times at which the source asks to come back so much later. Of the
    items `failing`, `skipping` and `retrying` are portions. Item n is discovered at `n * every`. The client ran `after`
    that one, where it is given.
    """

    lengths: Sequence[float]
    cost: Cost
    workers: int
    known: bool = True
    start_up: float = 0.0
    turn_at: float | None = None
    turn: float = 1.0
    waits: tuple[tuple[float, float], ...] = ()
    failing: float = 0.0
    skipping: float = 0.0
    retrying: float = 0.0
    every: float = 0.0
    overhead: float = DEBOUNCE
    after: "Shape | None" = None


@dataclass(slots=True)
class _State:
    pending: list[int] = field(default_factory=list)
    delayed: list[tuple[float, int]] = field(default_factory=list)
    held: dict[int, float] = field(default_factory=dict)
    ends: list[tuple[float, int, str]] = field(default_factory=list)
    """When held items end, and how."""
    success: int = 0
    failed: int = 0
    skipped: int = 0
    ended_length: float = 0.0


def reports(shape: Shape, rng: random.Random) -> Iterator[Report]:
    """Yield what is reported of an execution of the shape, the last report with no item open."""
    state, now, paused_until, begun = _State(), 0.0, 0.0, 0
    unknown = [(n * shape.every, n) for n in range(len(shape.lengths))]
    waits = list(shape.waits)
    while True:
        while unknown and unknown[0][0] <= now:
            state.pending.append(unknown.pop(0)[1])
        while state.delayed and state.delayed[0][0] <= now:
            state.pending.append(heapq.heappop(state.delayed)[1])
        if waits and waits[0][0] <= now:
            paused_until = now + waits.pop(0)[1]
        if now >= paused_until:
            begun += _take(shape, state, now, begun, rng)
        waiting = not state.held and now < paused_until
        yield _report(
            shape, state, now, discovered=not unknown, until=paused_until if waiting else None
        )
        following = [end for end, *_ in state.ends[:1]] + [at for at, _ in unknown[:1]]
        following += [at for at, _ in state.delayed[:1]]
        if state.pending and now < paused_until:
            following.append(paused_until)
        if waits and (state.ends or state.pending):
            following.append(max(now, waits[0][0]))
        if not following:
            return
        now = max(now, min(following))
        while state.ends and state.ends[0][0] <= now + DEBOUNCE:
            end, item, how = heapq.heappop(state.ends)
            now = max(now, end)
            _end(shape, state, item, how, now)


def _take(shape: Shape, state: _State, now: float, begun: int, rng: random.Random) -> int:
    """Give free workers the items that wait, where `begun` were taken before; returns how many."""
    taken = 0
    while state.pending and len(state.held) < shape.workers:
        item = state.pending.pop(0)
        seconds, how = _outcome(shape, item, rng)
        if begun + taken < shape.workers:
            seconds += shape.start_up
        taken += 1
        state.held[item] = now
        end = now + _stretched(shape, now, seconds) + shape.overhead
        heapq.heappush(state.ends, (end, item, how))
    return taken


def _outcome(shape: Shape, item: int, rng: random.Random) -> tuple[float, str]:
    """Return how long a worker holds an item, and how that ends; what goes wrong goes wrong on the way."""
    seconds, lot = shape.cost(shape.lengths[item]), rng.random()
    if lot < shape.skipping:
        return 0.05 * seconds, "skipped"
    if lot < shape.skipping + shape.failing:
        return rng.random() * seconds, "failed"
    if lot < shape.skipping + shape.failing + shape.retrying:
        return rng.random() * seconds, "retried"
    return seconds, "success"


def _stretched(shape: Shape, now: float, seconds: float) -> float:
    if shape.turn_at is None or now + seconds <= shape.turn_at:
        return seconds
    before = max(0.0, shape.turn_at - now)
    return before + (seconds - before) * shape.turn


def _end(shape: Shape, state: _State, item: int, how: str, now: float) -> None:
    del state.held[item]
    if how == "retried":
        heapq.heappush(state.delayed, (now + RETRY_AFTER, item))
        return
    setattr(state, how, getattr(state, how) + 1)
    state.ended_length += shape.lengths[item]


def _report(
    shape: Shape, state: _State, now: float, *, discovered: bool, until: float | None
) -> Report:
    held = sorted(state.held.items(), key=lambda pair: (pair[1], pair[0]))
    waiting = [*state.pending, *(item for _, item in state.delayed)]
    lengths = shape.lengths

    def length(items: Sequence[int]) -> float:
        return sum(lengths[item] for item in items) if shape.known else 0.0

    return Report(
        at=now,
        counts=ItemCounts(
            pending=len(waiting),
            processing=len(held),
            success=state.success,
            failed=state.failed,
            skipped=state.skipped,
        ),
        discovered=discovered,
        waiting=until is not None,
        details=Details(
            state.ended_length if shape.known else 0.0,
            length([item for item, _ in held]),
            length(waiting),
            tuple(
                HeldItem(f"call-{item}", begun, lengths[item] if shape.known else None)
                for item, begun in held[:16]
            ),
            until,
        ),
    )


def calls(rng: random.Random, items: int, middle: float = 90.0, spread: float = 0.7) -> list[float]:
    """Return lengths of calls, log-normal as those of call centres are, from 5 s to half an hour."""
    return [min(1800.0, max(5.0, rng.lognormvariate(log(middle), spread))) for _ in range(items)]


def recognising(
    rng: random.Random, factor: float = 0.15, noise: float = 0.15, base: float = 1.0
) -> Cost:
    """Return a cost that grows with the length of the call, as that of a speech model does."""
    return lambda length: (base + factor * length) * rng.lognormvariate(0, noise)


def answering(rng: random.Random, seconds: float, noise: float = 0.4) -> Cost:
    """Return a cost that does not depend on the length, as that of a source or of a language model."""
    return lambda _: rng.lognormvariate(log(seconds), noise)


def two_speeds(rng: random.Random, slow: float, share: float = 0.3) -> Cost:
    """Return a cost that is `slow` times as high for a share of the items, whichever those are."""
    return lambda length: (1 + 0.15 * length) * (slow if rng.random() < share else 1.0)


Make = Callable[[random.Random], Shape]

TUNED: dict[str, Make] = {
    "calls of one length, in waves of 4": lambda rng: Shape(
        lengths=[60.0] * 40, cost=recognising(rng, noise=0.03), workers=4
    ),
    "log-normal lengths, 4 workers": lambda rng: Shape(
        lengths=calls(rng, 40), cost=recognising(rng), workers=4
    ),
    "log-normal lengths, 2 workers": lambda rng: Shape(
        lengths=calls(rng, 17), cost=recognising(rng), workers=2
    ),
    "one worker, 12 calls": lambda rng: Shape(
        lengths=calls(rng, 12), cost=recognising(rng), workers=1
    ),
    "lengths unknown": lambda rng: Shape(
        lengths=calls(rng, 60), cost=recognising(rng), workers=4, known=False
    ),
    "slow start": lambda rng: Shape(
        lengths=calls(rng, 40), cost=recognising(rng), workers=4, start_up=20
    ),
    "quick items, 1,000": lambda rng: Shape(
        lengths=[1.0] * 1000, cost=answering(rng, 0.4, 0.5), workers=8, known=False
    ),
    "bursts: found in 60 s": lambda rng: Shape(
        lengths=calls(rng, 60), cost=recognising(rng), workers=4, every=1.0
    ),
    "failures, skips, second tries": lambda rng: Shape(
        lengths=calls(rng, 60),
        cost=recognising(rng),
        workers=4,
        failing=0.1,
        skipping=0.15,
        retrying=0.05,
    ),
    "some calls take 2.7 times as long": lambda rng: Shape(
        lengths=calls(rng, 60), cost=two_speeds(rng, 2.7), workers=4
    ),
    "waits for a rate limit, twice": lambda rng: Shape(
        lengths=[1.0] * 200,
        cost=answering(rng, 1.0),
        workers=4,
        waits=((20, 20), (60, 20)),
        known=False,
    ),
    "half the speed midway": lambda rng: Shape(
        lengths=calls(rng, 60), cost=recognising(rng), workers=2, turn_at=200, turn=2
    ),
}
"""Shapes that the constants of the estimate were chosen by."""

HELD_OUT: dict[str, Make] = {
    "calls of one length, in waves of 3": lambda rng: Shape(
        lengths=[200.0] * 25, cost=recognising(rng, 0.3, 0.05), workers=3
    ),
    "long tail of lengths, 6 workers": lambda rng: Shape(
        lengths=calls(rng, 90, 60, 1.0), cost=recognising(rng, 0.08, 0.25, 3), workers=6
    ),
    "lengths matter little, 5 workers": lambda rng: Shape(
        lengths=calls(rng, 80), cost=answering(rng, 5, 0.3), workers=5
    ),
    "short and long calls, 4 workers": lambda rng: Shape(
        lengths=[rng.choice([10.0, 600.0]) for _ in range(40)], cost=recognising(rng), workers=4
    ),
    "8 calls, 4 workers": lambda rng: Shape(
        lengths=calls(rng, 8), cost=recognising(rng), workers=4
    ),
    "lengths unknown, 3 workers": lambda rng: Shape(
        lengths=calls(rng, 100, 70, 0.5), cost=recognising(rng), workers=3, known=False
    ),
    "slow start, 2 workers": lambda rng: Shape(
        lengths=calls(rng, 20, 120, 0.5), cost=recognising(rng, 0.2), workers=2, start_up=35
    ),
    "found slowly, one in 3 s": lambda rng: Shape(
        lengths=calls(rng, 80), cost=recognising(rng, 0.25), workers=3, every=3.0
    ),
    "second tries, 3 workers": lambda rng: Shape(
        lengths=calls(rng, 45), cost=recognising(rng), workers=3, retrying=0.2, failing=0.05
    ),
    "waits for a rate limit, once": lambda rng: Shape(
        lengths=[1.0] * 150,
        cost=answering(rng, 1.3, 0.3),
        workers=3,
        waits=((15, 25),),
        known=False,
    ),
    "twice the speed midway": lambda rng: Shape(
        lengths=calls(rng, 50), cost=recognising(rng, 0.3), workers=2, turn_at=250, turn=0.5
    ),
    "a third of the speed late": lambda rng: Shape(
        lengths=calls(rng, 50), cost=recognising(rng), workers=2, turn_at=300, turn=3
    ),
}
"""Shapes that no constant was chosen by."""


def gamma_calls(
    rng: random.Random, items: int, middle: float = 110.0, shape: float = 1.6
) -> list[float]:
    """Return lengths of calls that are gamma-distributed: most are short, few are much longer."""
    return [max(3.0, rng.gammavariate(shape, middle / shape)) for _ in range(items)]


def batches(rng: random.Random, seconds: float, size: int, noise: float = 0.25) -> Cost:
    """Return a cost that is the same for so many items in turn: a source that answers in pages."""
    state = [0, 0.0]

    def cost(_: float) -> float:
        if state[0] % size == 0:
            state[1] = rng.lognormvariate(log(seconds), noise)
        state[0] += 1
        return state[1]

    return cost


def _again(rng: random.Random) -> Shape:
    """14 of 200 calls once more, by as many workers as before and in the mean as long ones."""
    workers, cost = rng.randint(2, 8), recognising(rng, rng.uniform(0.05, 0.3), 0.2)
    first = Shape(lengths=gamma_calls(rng, 200), cost=cost, workers=workers)
    return Shape(lengths=gamma_calls(rng, 14), cost=cost, workers=workers, after=first)


UNSEEN: dict[str, Make] = {
    "700 calls, gamma lengths, 2-8 workers": lambda rng: Shape(
        lengths=gamma_calls(rng, 700),
        cost=recognising(rng, rng.uniform(0.05, 0.3), 0.2),
        workers=rng.randint(2, 8),
    ),
    "gamma lengths unknown, 2-8 workers": lambda rng: Shape(
        lengths=gamma_calls(rng, 120),
        cost=recognising(rng, rng.uniform(0.05, 0.3), 0.2),
        workers=rng.randint(2, 8),
        known=False,
    ),
    "start-up of 5-60 s, 2-8 workers": lambda rng: Shape(
        lengths=gamma_calls(rng, 60),
        cost=recognising(rng, rng.uniform(0.05, 0.3)),
        workers=rng.randint(2, 8),
        start_up=rng.uniform(5, 60),
    ),
    "start-up of 5-60 s, 12 calls": lambda rng: Shape(
        lengths=gamma_calls(rng, 12),
        cost=recognising(rng, rng.uniform(0.1, 0.3)),
        workers=2,
        start_up=rng.uniform(5, 60),
    ),
    "100 at a time, no lengths": lambda rng: Shape(
        lengths=[1.0] * 700, cost=batches(rng, 20, 100), workers=100, known=False
    ),
    "start-up of 5-60 s, no lengths": lambda rng: Shape(
        lengths=gamma_calls(rng, 80),
        cost=answering(rng, rng.uniform(3, 12), 0.4),
        workers=rng.randint(2, 8),
        start_up=rng.uniform(5, 60),
        known=False,
    ),
    "100 without lengths": lambda rng: Shape(
        lengths=[1.0] * 100,
        cost=answering(rng, rng.uniform(2, 9), rng.uniform(0.3, 0.8)),
        workers=rng.randint(2, 8),
        known=False,
    ),
    "lengths matter little, 2-8 workers": lambda rng: Shape(
        lengths=gamma_calls(rng, 90), cost=answering(rng, 4, 0.4), workers=rng.randint(2, 8)
    ),
    "uniform lengths, costs half by length": lambda rng: Shape(
        lengths=[rng.uniform(20, 400) for _ in range(70)],
        cost=recognising(rng, 0.1, 0.2, 20),
        workers=rng.randint(2, 8),
    ),
    "14 of 200 again": _again,
    "the longest calls last": lambda rng: Shape(
        lengths=sorted(gamma_calls(rng, 50)),
        cost=recognising(rng, rng.uniform(0.1, 0.3)),
        workers=rng.randint(2, 8),
    ),
    "found in bursts, failures, second tries": lambda rng: Shape(
        lengths=gamma_calls(rng, 100),
        cost=recognising(rng, rng.uniform(0.1, 0.3), 0.2),
        workers=rng.randint(2, 8),
        every=rng.uniform(0, 0.5),
        failing=0.08,
        skipping=0.1,
        retrying=0.1,
    ),
    "a rate limit in the middle": lambda rng: Shape(
        lengths=[1.0] * 200,
        cost=answering(rng, 2.0, 0.4),
        workers=rng.randint(2, 8),
        waits=((rng.uniform(20, 50), rng.uniform(15, 60)),),
        known=False,
    ),
    "0.6 to 1.7 times the speed, from a third on": lambda rng: Shape(
        lengths=gamma_calls(rng, 100),
        cost=recognising(rng, 0.15),
        workers=4,
        turn_at=150,
        turn=rng.choice([0.6, 1.7]),
    ),
}
"""More shapes that no constant was chosen by, of other families: each run of one has its own size, speed and workers."""

UNFORESEEABLE = frozenset(
    {
        "waits for a rate limit, twice",
        "half the speed midway",
        "waits for a rate limit, once",
        "twice the speed midway",
        "a third of the speed late",
        "a rate limit in the middle",
        "0.6 to 1.7 times the speed, from a third on",
    }
)
"""Shapes in which something happens that no report tells beforehand: until then nobody can be right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeRun:
    """The shapes of the stages of a run, in their order."""

    stages: tuple[Shape, ...]


def whole_run(rng: random.Random, speed: float = 1.0, workers: int = 4) -> WholeRun:
    """Return a run over all stages, with 20 to 60 calls: transcription takes most of the time."""
    lengths = calls(rng, rng.randrange(20, 61), 80, 0.6)

    def stage(seconds: float, at_once: int) -> Shape:
        return Shape(lengths=lengths, cost=answering(rng, seconds * speed), workers=at_once)

    return WholeRun(
        stages=(
            stage(0.4, 4),
            Shape(
                lengths=lengths,
                cost=recognising(rng, 0.12 * speed, 0.15),
                workers=workers,
                start_up=5 * speed,
            ),
            stage(2.5, 5),
            stage(0.2, 2),
            stage(0.1, 2),
        )
    )
