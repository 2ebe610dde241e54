"""What the use cases of recommendations to employees need from the outside."""

from datetime import datetime
from typing import Protocol

from services.recommendations.employees.domain import (
    EmployeeRecommendation,
    Position,
    RecommendationFilter,
    RecommendationId,
    RecommendationState,
)
from services.status.domain import AuditEntry, Owner


class RecommendationRepository(Protocol):
    """What employees should do better, as their calls that are rolled up tell it."""

    async def tell(self, owner: Owner) -> None:
        """Tell anew what became of the recommendations of employees whose calls have changed."""

    async def list_recommendations(
        self, filter_: RecommendationFilter, after: Position | None, limit: int
    ) -> list[EmployeeRecommendation]:
        """Return at most `limit` of those behind a position, each with the latest words of calls it was advised after."""

    async def close(
        self,
        owner: Owner,
        recommendation_id: RecommendationId,
        state: RecommendationState,
        closed_by: str,
        comment: str,
        at: datetime,
    ) -> EmployeeRecommendation:
        """Close a recommendation by the decision of a person; raises RecommendationNotFound."""

    async def reopen(
        self, owner: Owner, recommendation_id: RecommendationId, actor: str, at: datetime
    ) -> EmployeeRecommendation:
        """Take that decision back; raises RecommendationNotFound, NotClosedByHand."""

    async def list_audit_entries(
        self, owner: Owner, before: int | None, page_size: int
    ) -> list[AuditEntry]:
        """Return who closed and reopened recommendations, newest first."""
