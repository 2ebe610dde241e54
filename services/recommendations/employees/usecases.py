"""What the service can do with recommendations to employees: tell them anew, list, close and reopen them."""

from uuid import UUID

from services.kernel.clock import utc_now
from services.kernel.paging import (
    Key,
    Page,
    page_of,
    page_start,
    real,
    serial,
    unique,
    whole,
    yes_or_no,
)
from services.recommendations.employees.domain import (
    EmployeeRecommendation,
    Position,
    RecommendationFilter,
    RecommendationId,
    RecommendationState,
)
from services.recommendations.employees.ports import RecommendationRepository
from services.status.domain import AuditEntry, Owner

PAGE_SIZE = 50


class FollowUps:
    """What employees should do better, and what became of it."""

    def __init__(self, recommendations: RecommendationRepository) -> None:
        self._recommendations = recommendations

    async def tell(self, owner: Owner) -> None:
        """Tell anew what became of the recommendations of employees whose calls have changed."""
        await self._recommendations.tell(owner)

    async def list_recommendations(
        self, filter_: RecommendationFilter, page_size: int, page_token: str
    ) -> Page[EmployeeRecommendation]:
        """Return a page, open ones first, of PAGE_SIZE for 0; raises InvalidInput for a token of another list."""
        page_size = page_size or PAGE_SIZE
        listing = f"ListRecommendations {filter_}"
        after = page_start(listing, page_token, (yes_or_no, whole, real, unique), _position)
        found = await self._recommendations.list_recommendations(filter_, after, page_size + 1)
        return page_of(listing, found, page_size, _keys)

    async def close_recommendation(
        self,
        owner: Owner,
        recommendation_id: RecommendationId,
        state: RecommendationState,
        closed_by: str,
        comment: str,
    ) -> EmployeeRecommendation:
        """Close a recommendation by the decision of a person; raises RecommendationNotFound."""
        return await self._recommendations.close(
            owner, recommendation_id, state, closed_by, comment, utc_now()
        )

    async def reopen_recommendation(
        self, owner: Owner, recommendation_id: RecommendationId, actor: str
    ) -> EmployeeRecommendation:
        """Take that decision back; raises RecommendationNotFound, NotClosedByHand."""
        return await self._recommendations.reopen(owner, recommendation_id, actor, utc_now())

    async def list_audit_entries(
        self, owner: Owner, page_size: int, page_token: str
    ) -> Page[AuditEntry]:
        """Return a page of who closed and reopened recommendations, newest first."""
        listing = f"ListRecommendationAudit {owner}"
        before = page_start(listing, page_token, (serial,), int)
        found = await self._recommendations.list_audit_entries(owner, before, page_size + 1)
        return page_of(listing, found, page_size, lambda entry: [entry.number])


def _keys(recommendation: EmployeeRecommendation) -> tuple[Key, ...]:
    position = recommendation.position
    return position.closed, position.priority, position.age, str(position.id)


def _position(closed: bool, priority: int, age: float, recommendation_id: UUID) -> Position:
    return Position(
        closed=closed, priority=priority, age=age, id=RecommendationId(recommendation_id)
    )
