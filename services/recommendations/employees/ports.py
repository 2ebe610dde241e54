"""What the use cases of recommendations to employees need from the outside."""

from datetime import datetime
from typing import NamedTuple, Protocol

from services.recommendations.employees.domain import (
    EmployeeRecommendation,
    RecommendationFilter,
    RecommendationId,
    RecommendationState,
)
from services.status.domain import Owner


class Place(NamedTuple):
    """Where a recommendation stands in the list: open ones first, by priority, then the latest."""

    closed: bool
    priority: int
    age: float
    id: RecommendationId


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
