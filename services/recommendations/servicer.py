"""gRPC in, use case, gRPC out. No decisions are made here."""

from uuid import UUID

from potok.recommendations.v1 import recommendations_service_pb2 as pb
from potok.recommendations.v1 import recommendations_service_pb2_grpc as pb_grpc

from services.kernel.rpc.server import Context
from services.recommendations.employees.domain import RecommendationId
from services.recommendations.employees.mapping import (
    STATE_FROM_PB,
    employee_recommendation_to_pb,
    filter_from_pb,
)
from services.recommendations.employees.usecases import FollowUps
from services.recommendations.ranges.mapping import range_report_to_pb
from services.recommendations.ranges.usecases import RangeReports
from services.recommendations.reporting.mapping import reported_calls_to_pb
from services.recommendations.reporting.usecases import Reporting
from services.status.domain import Owner
from services.status.mapping import audit_entry_to_pb, date_range_from_pb
from services.status.rpc.access import current_caller


class RecommendationsServicer(pb_grpc.RecommendationsServiceServicer):
    """Serves potok.recommendations.v1.RecommendationsService."""

    def __init__(
        self, range_reports: RangeReports, follow_ups: FollowUps, reporting: Reporting
    ) -> None:
        self._range_reports = range_reports
        self._follow_ups = follow_ups
        self._reporting = reporting

    async def GetRangeReport(
        self, request: pb.GetRangeReportRequest, context: Context
    ) -> pb.GetRangeReportResponse:
        report = await self._range_reports.get_range_report(
            Owner(request.owner), date_range_from_pb(request.range)
        )
        return pb.GetRangeReportResponse(report=range_report_to_pb(report))

    async def ListRecommendations(
        self, request: pb.ListRecommendationsRequest, context: Context
    ) -> pb.ListRecommendationsResponse:
        filter_ = filter_from_pb(request)
        page = await self._follow_ups.list_recommendations(
            filter_, request.page_size, request.page_token
        )
        return pb.ListRecommendationsResponse(
            recommendations=[
                employee_recommendation_to_pb(filter_.owner, each) for each in page.items
            ],
            next_page_token=page.next_page_token,
        )

    async def CloseRecommendation(
        self, request: pb.CloseRecommendationRequest, context: Context
    ) -> pb.CloseRecommendationResponse:
        owner = Owner(request.owner)
        closed = await self._follow_ups.close_recommendation(
            owner,
            RecommendationId(UUID(request.recommendation_id)),
            STATE_FROM_PB[request.state],
            current_caller().user,
            request.comment,
        )
        return pb.CloseRecommendationResponse(
            recommendation=employee_recommendation_to_pb(owner, closed)
        )

    async def ReopenRecommendation(
        self, request: pb.ReopenRecommendationRequest, context: Context
    ) -> pb.ReopenRecommendationResponse:
        owner = Owner(request.owner)
        reopened = await self._follow_ups.reopen_recommendation(
            owner, RecommendationId(UUID(request.recommendation_id)), current_caller().user
        )
        return pb.ReopenRecommendationResponse(
            recommendation=employee_recommendation_to_pb(owner, reopened)
        )

    async def ListRecommendationAudit(
        self, request: pb.ListRecommendationAuditRequest, context: Context
    ) -> pb.ListRecommendationAuditResponse:
        page = await self._follow_ups.list_audit_entries(
            Owner(request.owner), request.page_size or 100, request.page_token
        )
        return pb.ListRecommendationAuditResponse(
            entries=map(audit_entry_to_pb, page.items), next_page_token=page.next_page_token
        )

    async def CountReportedCalls(
        self, request: pb.CountReportedCallsRequest, context: Context
    ) -> pb.CountReportedCallsResponse:
        reported = await self._reporting.count_calls(
            Owner(request.owner), date_range_from_pb(request.range)
        )
        return pb.CountReportedCallsResponse(reported=reported_calls_to_pb(reported))
