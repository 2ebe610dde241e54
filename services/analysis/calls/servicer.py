"""gRPC in, use case, gRPC out. No decisions are made here."""

from potok.analysis.v1 import analysis_service_pb2 as pb
from potok.analysis.v1 import analysis_service_pb2_grpc as pb_grpc

from services.analysis.budget.usecases import Budgets
from services.analysis.calls.domain import CallId
from services.analysis.calls.mapping import (
    analysis_to_pb,
    dialogue_to_pb,
    filter_from_pb,
    usage_to_pb,
)
from services.analysis.calls.usecases import CallAnalysis
from services.kernel.rpc.server import Context
from services.status.domain import Owner, RunId
from services.status.mapping import cost_to_pb


class AnalysisServicer(pb_grpc.AnalysisServiceServicer):
    """Serves potok.analysis.v1.AnalysisService."""

    def __init__(self, call_analysis: CallAnalysis, budgets: Budgets) -> None:
        self._call_analysis = call_analysis
        self._budgets = budgets

    async def GetAnalysis(
        self, request: pb.GetAnalysisRequest, context: Context
    ) -> pb.GetAnalysisResponse:
        analysis = await self._call_analysis.get_analysis(
            Owner(request.owner), CallId(request.call_id)
        )
        return pb.GetAnalysisResponse(analysis=analysis_to_pb(analysis))

    async def GetAnalyses(
        self, request: pb.GetAnalysesRequest, context: Context
    ) -> pb.GetAnalysesResponse:
        analyses = await self._call_analysis.get_analyses(
            Owner(request.owner), [CallId(call_id) for call_id in request.call_ids]
        )
        return pb.GetAnalysesResponse(analyses=[analysis_to_pb(each) for each in analyses])

    async def ListAnalyses(
        self, request: pb.ListAnalysesRequest, context: Context
    ) -> pb.ListAnalysesResponse:
        page = await self._call_analysis.list_analyses(
            filter_from_pb(request), request.page_size, request.page_token
        )
        return pb.ListAnalysesResponse(
            analyses=[analysis_to_pb(each) for each in page.items],
            next_page_token=page.next_page_token,
        )

    async def JudgeDialogue(
        self, request: pb.JudgeDialogueRequest, context: Context
    ) -> pb.JudgeDialogueResponse:
        analysis = await self._call_analysis.judge_dialogue(
            request.text, request.playbook, request.language
        )
        return pb.JudgeDialogueResponse(analysis=dialogue_to_pb(analysis))

    async def GetRunUsage(
        self, request: pb.GetRunUsageRequest, context: Context
    ) -> pb.GetRunUsageResponse:
        run = await self._budgets.get_run_usage(Owner(request.owner), RunId(request.run_id))
        return pb.GetRunUsageResponse(usage=usage_to_pb(run.usage), cap=cost_to_pb(run.cap))
