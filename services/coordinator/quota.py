"""How many calls that take long a user may have at a replica: none may fill it up for all others."""

import contextlib
from collections import Counter
from collections.abc import Iterator

from services.kernel.errors import LimitReached


class Places:
    """At most `most` for each user; `what` they are stands in the refusal, as in `watches`."""

    def __init__(self, most: int, what: str) -> None:
        self._most = most
        self._what = what
        self._of_user: Counter[str] = Counter()

    @contextlib.contextmanager
    def taken_by(self, user: str) -> Iterator[None]:
        """Hold a place of a user while the block runs; raises LimitReached where there is none left."""
        if self._of_user[user] >= self._most:
            raise LimitReached(
                f"{user} has {self._most} {self._what} here already: end one first",
                reason=f"TOO_MANY_{self._what.upper()}",
                metadata={"limit": str(self._most)},
            )
        self._of_user[user] += 1
        try:
            yield
        finally:
            self._of_user[user] -= 1
            if not self._of_user[user]:
                del self._of_user[user]
