"""What the use cases need from the outside."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from services.recommendations.domain import (
    AnalysedCall,
    Call,
    CallId,
    EmployeeRecommendation,
    Narrative,
    RecommendationFilter,
    RecommendationId,
    RecommendationState,
    ReportedCall,
    RollUp,
    Transcript,
    WrittenReport,
)
from services.status.domain import DateRange, ExecutionNumber, Owner

Transaction = Any
"""An open transaction of the database; opaque to the core."""


class Place(NamedTuple):
    """Where a recommendation stands in the list: open ones first, by priority, then the latest."""

    closed: bool
    priority: int
    age: float
    id: RecommendationId


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


class Narrator(Protocol):
    """Who writes what the figures of a range say."""

    async def narrate(self, days: DateRange, roll_up: RollUp, language: str) -> Narrative:
        """Return the narrative of a range in a language, an ISO 639-1 code."""


class RollUpRepository(Protocol):
    """The facts that are rolled up, their roll-ups, and the reports of runs."""

    async def replace_calls(
        self, transaction: Transaction, owner: Owner, calls: Sequence[AnalysedCall]
    ) -> None:
        """Store what analyses found in place of what was known of the same calls."""

    async def delete_calls(
        self, transaction: Transaction, owner: Owner, call_ids: Sequence[CallId]
    ) -> None:
        """Forget calls and all that was found about them."""

    async def roll_up(self, owner: Owner, days: DateRange, minimum_calls: int) -> RollUp:
        """Return what the range adds up to; a skill of fewer than `minimum_calls` calls is not `enough`."""

    async def count_calls(self, owner: Owner, days: DateRange) -> RolledUpCounts:
        """Return how much of a range is rolled up."""

    async def get_report(self, owner: Owner, days: DateRange) -> WrittenReport | None:
        """Return the report of the last run over exactly this range."""

    async def write_report(
        self, owner: Owner, days: DateRange, execution: ExecutionNumber, report: WrittenReport
    ) -> None:
        """Store the report of a run over exactly this range; that of a later execution stays."""


class RecommendationRepository(Protocol):
    """What employees should do better, as their calls that are rolled up tell it."""

    async def tell(self, owner: Owner) -> None:
        """Tell anew what became of the recommendations of employees whose calls have changed."""

    async def list_recommendations(
        self, wanted: RecommendationFilter, after: Place | None, page_size: int
    ) -> list[tuple[EmployeeRecommendation, Place]]:
        """Return those behind a place, with the latest words of calls that they were advised after."""

    async def close(
        self,
        owner: Owner,
        recommendation_id: RecommendationId,
        state: RecommendationState,
        closed_by: str,
        comment: str,
        at: datetime,
    ) -> EmployeeRecommendation:
        """Settle a recommendation by the word of a person; raises RecommendationNotFound."""

    async def reopen(
        self, owner: Owner, recommendation_id: RecommendationId
    ) -> EmployeeRecommendation:
        """Take that word back; raises RecommendationNotFound, NotClosedByHand."""


class ReportingDatabase(Protocol):
    """The tables a BI tool reads. All raise ReportingUnavailable."""

    async def write_calls(
        self, owner: Owner, execution: ExecutionNumber, calls: Sequence[ReportedCall]
    ) -> Mapping[CallId, str]:
        """Write calls in place of their earlier rows, unless a later attempt has written them.

        Returns those that the database cannot hold, each with the cause; the others are committed.
        """

    async def delete_calls(self, owner: Owner, call_ids: Sequence[CallId]) -> None:
        """Remove all rows of calls."""

    async def write_recommendations(
        self,
        owner: Owner,
        execution: ExecutionNumber,
        recommendations: Sequence[EmployeeRecommendation],
    ) -> None:
        """Write all recommendations of an owner in place of what was there; those of a later execution stay."""

    async def count_calls(self, owner: Owner, days: DateRange) -> Mapping[str, int]:
        """Return how many rows of calls of a range each table has."""

    async def write_report(
        self, owner: Owner, days: DateRange, execution: ExecutionNumber, report: WrittenReport
    ) -> None:
        """Write the report of a run over exactly this range; that of a later execution stays."""
