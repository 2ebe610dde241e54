"""Recommendations to employees in protobuf. Pure functions."""

from potok.recommendations.v1 import employee_recommendation_pb2 as recommendation_pb
from potok.recommendations.v1 import recommendations_service_pb2 as service_pb

from services.kernel.rpc.convert import enum_pairs, timestamp
from services.recommendations.employees.domain import (
    EmployeeRecommendation,
    RecommendationFilter,
    RecommendationState,
)
from services.status.domain import Owner

STATE_TO_PB = enum_pairs(
    RecommendationState, recommendation_pb.RecommendationState, "RECOMMENDATION_STATE"
)


STATE_FROM_PB = {number: state for state, number in STATE_TO_PB.items()}


def filter_from_pb(request: service_pb.ListRecommendationsRequest) -> RecommendationFilter:
    return RecommendationFilter(
        owner=Owner(request.owner),
        states=tuple(STATE_FROM_PB[state] for state in request.states),
        employee=request.employee if request.HasField("employee") else None,
        skill=request.skill,
    )


def employee_recommendation_to_pb(
    owner: Owner, recommendation: EmployeeRecommendation
) -> recommendation_pb.EmployeeRecommendation:
    closed_day, decision = recommendation.closed_day, recommendation.decision
    follow_through = recommendation.follow_through
    return recommendation_pb.EmployeeRecommendation(
        id=str(recommendation.id),
        owner=owner,
        employee=recommendation.employee,
        skill=recommendation.skill,
        state=STATE_TO_PB[recommendation.state],
        priority=recommendation.priority,
        text=recommendation.text,
        why=recommendation.why,
        opened_call_id=recommendation.opened_call_id,
        opened_day=recommendation.opened_day.isoformat(),
        advised_calls=recommendation.advised_calls,
        advised_day=recommendation.advised_day.isoformat(),
        expires_day=recommendation.expires_day.isoformat(),
        follow_through=recommendation_pb.FollowThrough(
            followed=follow_through.followed,
            partly=follow_through.partly,
            not_followed=follow_through.not_followed,
        ),
        quotes=[
            recommendation_pb.DatedQuote(
                call_id=quote.call_id,
                day=quote.day.isoformat(),
                text=quote.text,
                start_seconds=quote.seconds,
            )
            for quote in recommendation.quotes
        ],
        closed_day=closed_day.isoformat() if closed_day else "",
        closed_call_id=recommendation.closed_call_id or "",
        closed_by=decision.closed_by if decision else "",
        comment=decision.comment if decision else "",
        decide_time=timestamp(decision.decided_at) if decision else None,
    )
