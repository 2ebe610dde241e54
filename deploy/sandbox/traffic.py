"""What came in, and what is turned away before it is looked at."""

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

LOGGED = 50_000
"""The number of requests that are remembered."""


@dataclass(slots=True, kw_only=True)
class Arrival:
    """One request; `at` is seconds since 1970, `status` 0 until it is answered.

    The query is not kept: links to recordings carry their signature in it.
    """

    number: int
    at: float
    method: str
    host: str
    path: str
    status: int = 0


@dataclass(slots=True)
class Traffic:
    """The log of requests, and how many of the last second were let in."""

    _arrivals: deque[Arrival] = field(default_factory=lambda: deque(maxlen=LOGGED))
    _count: int = 0
    _let_in: deque[float] = field(default_factory=deque)

    def arrive(self, method: str, host: str, path: str) -> Arrival:
        self._count += 1
        arrival = Arrival(number=self._count, at=time.time(), method=method, host=host, path=path)
        self._arrivals.append(arrival)
        return arrival

    def since(self, number: int = 0, below: str = "/") -> Iterator[Arrival]:
        """Yield what came after the request of that number, in order."""
        return (
            each
            for each in tuple(self._arrivals)
            if each.number > number and each.path.startswith(below)
        )

    def admits(self, requests_per_second: int) -> bool:
        """Count a request, unless the second before it had as many as are allowed."""
        now = time.monotonic()
        while self._let_in and self._let_in[0] <= now - 1:
            self._let_in.popleft()
        if len(self._let_in) >= requests_per_second:
            return False
        self._let_in.append(now)
        return True
