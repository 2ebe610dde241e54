"""The stages one by one over gRPC. No decisions are made here."""

from typing import Any

from potok.coordinator.v1 import date_range_service_pb2 as pb
from potok.coordinator.v1 import date_range_service_pb2_grpc as pb_grpc

from services.coordinator.date_ranges.usecases import DateRanges
from services.coordinator.runs.mapping import range_figures_to_pb, run_word
from services.kernel.rpc.headers import NO_STORE
from services.kernel.rpc.server import Context
from services.status.domain import DateRange, Stage, date_range
from services.status.rpc.access import current_caller

SERVICE = "potok.coordinator.v1.DateRangeService"

_STR = ("start_date_str", "end_date_str")
_PLAIN = ("start_date", "end_date")

StrRequest = pb.SyncCallsRequest | pb.AnalyzeCallsRequest | pb.AnalyzeRecommendationsRequest
PlainRequest = (
    pb.TranscribeCallsRequest
    | pb.GetTranscriptionStatusRequest
    | pb.GetAnalysisStatusRequest
    | pb.GetRecommendationsStatusRequest
)


class DateRangeServicer(pb_grpc.DateRangeServiceServicer):
    """Serves potok.coordinator.v1.DateRangeService."""

    def __init__(self, ranges: DateRanges) -> None:
        self._ranges = ranges

    async def SyncCalls(
        self, request: pb.SyncCallsRequest, context: Context
    ) -> pb.SyncCallsResponse:
        synced = await self._ranges.sync_calls(
            current_caller(), request.client_id, _str_days(request), end_field=_STR[1]
        )
        return pb.SyncCallsResponse(
            run_id=synced.run.run_id,
            status=run_word(synced.run),
            message=synced.message,
            **range_figures_to_pb(synced.status),
        )

    async def TranscribeCalls(
        self, request: pb.TranscribeCallsRequest, context: Context
    ) -> pb.TranscribeCallsResponse:
        begun = await self._begin(request, _plain_days(request), _PLAIN, Stage.TRANSCRIPTION)
        return pb.TranscribeCallsResponse(**begun)

    async def AnalyzeCalls(
        self, request: pb.AnalyzeCallsRequest, context: Context
    ) -> pb.AnalyzeCallsResponse:
        begun = await self._begin(request, _str_days(request), _STR, Stage.ANALYSIS)
        return pb.AnalyzeCallsResponse(**begun)

    async def AnalyzeRecommendations(
        self, request: pb.AnalyzeRecommendationsRequest, context: Context
    ) -> pb.AnalyzeRecommendationsResponse:
        begun = await self._begin(request, _str_days(request), _STR, Stage.RECOMMENDATIONS)
        return pb.AnalyzeRecommendationsResponse(**begun)

    async def GetTranscriptionStatus(
        self, request: pb.GetTranscriptionStatusRequest, context: Context
    ) -> pb.GetTranscriptionStatusResponse:
        figures = await self._figures(request, context, Stage.TRANSCRIPTION)
        return pb.GetTranscriptionStatusResponse(**figures)

    async def GetAnalysisStatus(
        self, request: pb.GetAnalysisStatusRequest, context: Context
    ) -> pb.GetAnalysisStatusResponse:
        figures = await self._figures(request, context, Stage.ANALYSIS)
        return pb.GetAnalysisStatusResponse(**figures)

    async def GetRecommendationsStatus(
        self, request: pb.GetRecommendationsStatusRequest, context: Context
    ) -> pb.GetRecommendationsStatusResponse:
        figures = await self._figures(request, context, Stage.RECOMMENDATIONS)
        return pb.GetRecommendationsStatusResponse(**figures)

    async def _begin(
        self,
        request: StrRequest | PlainRequest,
        days: DateRange,
        fields: tuple[str, str],
        stage: Stage,
    ) -> dict[str, Any]:
        begun = await self._ranges.begin(
            current_caller(), request.client_id, days, stage, end_field=fields[1]
        )
        return {
            "run_id": begun.run.run_id,
            "status": run_word(begun.run),
            "message": begun.message,
        }

    async def _figures(
        self, request: PlainRequest, context: Context, stage: Stage
    ) -> dict[str, Any]:
        status = await self._ranges.get_status(request.client_id, _plain_days(request), stage)
        await context.send_initial_metadata(NO_STORE)
        return range_figures_to_pb(status)


def _str_days(request: StrRequest) -> DateRange:
    return date_range(request.start_date_str, request.end_date_str, _STR)


def _plain_days(request: PlainRequest) -> DateRange:
    return date_range(request.start_date, request.end_date, _PLAIN)
