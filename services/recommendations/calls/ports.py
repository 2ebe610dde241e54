"""What the use cases of calls need from the outside."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from services.recommendations.calls.domain import AnalysedCall, Call, CallId, Transcript
from services.status.domain import DateRange, Owner

Transaction = Any
"""An open transaction of the database; opaque to the core."""


class RolledUpCounts(NamedTuple):
    """How many calls there are, and items of their checklists and advice with them."""

    calls: int
    items: int
    advice: int


class Payloads(Protocol):
    """What other services know of calls; calls they do not know are left out. All raise UpstreamUnavailable."""

    async def get_calls(self, owner: Owner, call_ids: Sequence[CallId]) -> Mapping[CallId, Call]:
        """Return calls as their source listed them; at most 100 at a time, as below."""

    async def get_transcripts(
        self, owner: Owner, call_ids: Sequence[CallId]
    ) -> Mapping[CallId, Transcript]:
        """Return what was said."""

    async def get_analyses(
        self, owner: Owner, call_ids: Sequence[CallId]
    ) -> Mapping[CallId, AnalysedCall]:
        """Return what was found."""


class AnalysedCallRepository(Protocol):
    """The facts of analysed calls that are rolled up."""

    async def replace_calls(
        self, transaction: Transaction, owner: Owner, calls: Sequence[AnalysedCall]
    ) -> None:
        """Store what analyses found in place of what was known of the same calls."""

    async def delete_calls(
        self, transaction: Transaction, owner: Owner, call_ids: Sequence[CallId]
    ) -> None:
        """Forget calls and all that was found about them."""

    async def count_calls(self, owner: Owner, days: DateRange) -> RolledUpCounts:
        """Return how much of a range is rolled up."""
