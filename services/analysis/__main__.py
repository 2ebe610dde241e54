"""`python -m services.analysis`: one replica of analysis, until SIGTERM."""

import contextlib
from collections.abc import AsyncIterator

import grpc
import uvloop
from potok.analysis.v1.analysis_service_pb2_grpc import add_AnalysisServiceServicer_to_server
from potok.analysis.v1.meeting_analysis_service_pb2_grpc import (
    add_MeetingAnalysisServiceServicer_to_server,
)
from potok.call_sync.v1.call_sync_service_pb2_grpc import CallSyncServiceStub
from potok.stage.v1.stage_service_pb2_grpc import StageServiceStub
from potok.transcription.v1.transcription_service_pb2_grpc import TranscriptionServiceStub

from services.analysis.budget.ports import RunUsages
from services.analysis.budget.repository import PostgresRunUsages
from services.analysis.budget.usecases import Budgets
from services.analysis.calls.adapters.model.judge import ModelJudge
from services.analysis.calls.adapters.rules.judge import RulesJudge
from services.analysis.calls.adapters.upstream import RpcConversations
from services.analysis.calls.judging import Judging
from services.analysis.calls.repository import PostgresAnalyses
from services.analysis.calls.servicer import AnalysisServicer
from services.analysis.calls.usecases import CallAnalysis
from services.analysis.meetings.adapters.model import MeetingModel
from services.analysis.meetings.adapters.rules import MeetingRules
from services.analysis.meetings.adapters.upstream import RpcMeetingTranscripts
from services.analysis.meetings.judging import MeetingJudging
from services.analysis.meetings.repository import PostgresMeetingAnalyses
from services.analysis.meetings.servicer import MeetingAnalysisServicer
from services.analysis.meetings.usecases import MeetingAnalyses
from services.analysis.playbooks.reader import PlaybookInvalid, load_playbooks
from services.analysis.settings import AnalysisSettings
from services.analysis.work import AnalysisWork
from services.kernel.log import configure_logging
from services.kernel.settings import load_settings
from services.llm.ports import LanguageModel
from services.stage.app import serve_stages
from services.status.app import replica_of


async def main() -> None:
    """Serve and work until asked to stop."""
    configure_logging("analysis")
    settings = load_settings(AnalysisSettings)
    try:
        playbooks = load_playbooks(settings.playbooks)
    except PlaybookInvalid as error:
        raise SystemExit(f"POTOK_ANALYSIS_PLAYBOOKS is not usable:\n{error}") from None
    async with replica_of("analysis", settings) as replica:
        reading = replica.reading_for_caller
        model = await replica.opened(_model(settings))
        calls = await replica.channel_to(settings.calls)
        upstream = await replica.channel_to(settings.upstream)
        transcripts = TranscriptionServiceStub(upstream)
        conversations = RpcConversations(
            CallSyncServiceStub(calls), transcripts, settings.payload_timeout
        )
        budgets = _budgets(settings, PostgresRunUsages(replica.pool, reading))
        judging, meeting_judging = _judging(settings, model, budgets)
        analyses = PostgresAnalyses(reading)
        call_analysis = CallAnalysis(analyses, conversations, judging, playbooks)
        meetings = MeetingAnalyses(
            PostgresMeetingAnalyses(reading),
            RpcMeetingTranscripts(transcripts, settings.payload_timeout),
            meeting_judging,
        )
        work = AnalysisWork(call_analysis, meetings, StageServiceStub(upstream), settings.limits)

        def register(server: grpc.aio.Server) -> None:
            add_AnalysisServiceServicer_to_server(AnalysisServicer(call_analysis, budgets), server)
            add_MeetingAnalysisServiceServicer_to_server(MeetingAnalysisServicer(meetings), server)

        services = [
            "potok.analysis.v1.AnalysisService",
            "potok.analysis.v1.MeetingAnalysisService",
        ]
        await serve_stages(replica, [work], settings, register, services)


@contextlib.asynccontextmanager
async def _model(settings: AnalysisSettings) -> AsyncIterator[LanguageModel | None]:
    """Open the language model that judges, None where the rules do."""
    if settings.judge == "rules" or settings.model is None:
        yield None
        return
    from services.llm.openai_model import open_model  # half a second that rules do not need

    async with open_model(settings.model, "POTOK_ANALYSIS_MODEL_") as model:
        yield model


def _budgets(settings: AnalysisSettings, usages: RunUsages) -> Budgets:
    if settings.judge == "rules":
        return Budgets(usages)
    return Budgets(usages, cap=settings.cap, lifetime=settings.job_timeout)


def _judging(
    settings: AnalysisSettings, model: LanguageModel | None, budgets: Budgets
) -> tuple[Judging, MeetingJudging]:
    """Return the judges of calls and of meetings that the settings name."""
    rules, meeting_rules = RulesJudge(), MeetingRules()
    if model is None:
        return Judging(rules, budgets), MeetingJudging(meeting_rules, budgets)
    replaced = settings.fallback == "rules"
    return (
        Judging(
            ModelJudge(model, settings.part_characters),
            budgets,
            fallback=rules if replaced else None,
        ),
        MeetingJudging(
            MeetingModel(model, settings.part_characters),
            budgets,
            fallback=meeting_rules if replaced else None,
        ),
    )


if __name__ == "__main__":
    uvloop.run(main())
