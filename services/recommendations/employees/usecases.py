"""What the service can do with recommendations to employees: tell them anew, list, close and reopen them."""

from services.kernel.clock import utc_now
from services.recommendations.employees.domain import (
    EmployeeRecommendation,
    RecommendationFilter,
    RecommendationId,
    RecommendationPage,
    RecommendationState,
)
from services.recommendations.employees.ports import RecommendationRepository
from services.recommendations.paging import page_token, parse_page_token
from services.status.domain import Owner

PAGE_SIZE = 50


class FollowUps:
    """What employees should do better, and what became of it."""

    def __init__(self, recommendations: RecommendationRepository) -> None:
        self._recommendations = recommendations

    async def tell(self, owner: Owner) -> None:
        """Tell anew what became of the recommendations of employees whose calls have changed."""
        await self._recommendations.tell(owner)

    async def list_recommendations(
        self, wanted: RecommendationFilter, page_size: int, token: str
    ) -> RecommendationPage:
        """Return a page, open ones first; raises InvalidInput for a token of another list."""
        page_size = page_size or PAGE_SIZE
        after = parse_page_token(wanted, token)
        found = await self._recommendations.list_recommendations(wanted, after, page_size)
        recommendations = [recommendation for recommendation, _ in found]
        if len(found) < page_size:
            return RecommendationPage(recommendations=recommendations)
        return RecommendationPage(
            recommendations=recommendations, next_page_token=page_token(wanted, found[-1][1])
        )

    async def close_recommendation(
        self,
        owner: Owner,
        recommendation_id: RecommendationId,
        state: RecommendationState,
        closed_by: str,
        comment: str,
    ) -> EmployeeRecommendation:
        """Settle a recommendation by the word of a person; raises RecommendationNotFound."""
        return await self._recommendations.close(
            owner, recommendation_id, state, closed_by, comment, utc_now()
        )

    async def reopen_recommendation(
        self, owner: Owner, recommendation_id: RecommendationId
    ) -> EmployeeRecommendation:
        """Take that word back; raises RecommendationNotFound, NotClosedByHand."""
        return await self._recommendations.reopen(owner, recommendation_id)
