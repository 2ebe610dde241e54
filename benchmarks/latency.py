"""Delays from a send to every watcher: who sent when, who got how many when."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field


@dataclass
class Sent:
    """When each update was sent, in order."""

    at: list[float] = field(default_factory=list)


@dataclass
class Received:
    """What one watcher has seen: updates arrive in the order they were sent in."""

    seen: int = 0
    arrivals: list[tuple[float, int]] = field(default_factory=list)

    def arrived(self, count: int) -> None:
        """Note that so many more updates are here."""
        if count:
            self.seen += count
            self.arrivals.append((time.perf_counter(), self.seen))

    def delays(self, sent: Sent) -> list[float]:
        """Return the delay of every update, in seconds."""
        delays, before = [], 0
        for at, seen in self.arrivals:
            delays += [at - sent.at[n] for n in range(before, min(seen, len(sent.at)))]
            before = seen
        return delays


async def pace(rate: float, seconds: float, sent: Sent) -> AsyncIterator[int]:
    """Yield 0, 1, 2 … at a steady rate; the time of each is noted as sent."""
    started = time.perf_counter()
    for number in range(int(rate * seconds)):
        due = started + number / rate
        delay = due - time.perf_counter()
        if delay > 0:
            await asyncio.sleep(delay)
        sent.at.append(time.perf_counter())
        yield number


def percentiles(delays: list[float]) -> tuple[float, float]:
    """Return p50 and p99 in milliseconds."""
    ordered = sorted(delays)
    return 1000 * ordered[len(ordered) // 2], 1000 * ordered[len(ordered) * 99 // 100]
