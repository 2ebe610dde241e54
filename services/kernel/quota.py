"""How many calls a user may have at a replica at once: none may fill it up for all others."""

import contextlib
from collections import Counter
from collections.abc import Iterator

import structlog

from services.kernel.errors import LimitReached

log = structlog.get_logger()


class Quota:
    """Lets each user have at most `most` calls; `what` they are stands in the refusal, as in `watches`."""

    def __init__(self, most: int, what: str) -> None:
        self._most = most
        self._what = what
        self._taken: Counter[str] = Counter()
        self._told: set[str] = set()
        """Users whose refusal was logged, since they last had no call."""

    @contextlib.contextmanager
    def taken_by(self, user: str) -> Iterator[None]:
        """Count one more call of a user while the block runs; raises LimitReached where the quota is used up."""
        if self._taken[user] >= self._most:
            if user not in self._told:
                self._told.add(user)
                log.warning("quota_used_up", user=user, of=self._what, most=self._most)
            raise LimitReached(
                f"{user} has {self._most} {self._what} here already: end one first",
                reason=f"TOO_MANY_{self._what.upper()}",
                metadata={"limit": str(self._most)},
            )
        self._taken[user] += 1
        try:
            yield
        finally:
            self._taken[user] -= 1
            if not self._taken[user]:
                del self._taken[user]
                self._told.discard(user)
