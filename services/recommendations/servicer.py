"""gRPC in, use case, gRPC out. No decisions are made here."""

import grpc
from potok.recommendations.v1 import recommendations_service_pb2 as pb
from potok.recommendations.v1 import recommendations_service_pb2_grpc as pb_grpc

from services.recommendations.mapping import range_report_to_pb
from services.recommendations.usecases import Recommendations
from services.status.domain import Owner
from services.status.mapping import date_range_from_pb


class RecommendationsServicer(pb_grpc.RecommendationsServiceServicer):
    """Serves potok.recommendations.v1.RecommendationsService."""

    def __init__(self, recommendations: Recommendations) -> None:
        self._recommendations = recommendations

    async def GetRangeReport(
        self,
        request: pb.GetRangeReportRequest,
        context: grpc.aio.ServicerContext[pb.GetRangeReportRequest, pb.GetRangeReportResponse],
    ) -> pb.GetRangeReportResponse:
        report = await self._recommendations.get_range_report(
            Owner(request.owner), date_range_from_pb(request.range)
        )
        return pb.GetRangeReportResponse(report=range_report_to_pb(report))
