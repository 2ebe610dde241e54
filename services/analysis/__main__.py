"""`python -m services.analysis`: one replica of analysis, until SIGTERM."""

import contextlib
from collections.abc import AsyncIterator

import uvloop
from potok.analysis.v1.analysis_service_pb2_grpc import add_AnalysisServiceServicer_to_server
from potok.call_sync.v1.call_sync_service_pb2_grpc import CallSyncServiceStub
from potok.stage.v1.stage_service_pb2_grpc import StageServiceStub
from potok.transcription.v1.transcription_service_pb2_grpc import TranscriptionServiceStub

from services.analysis.adapters.conversations import RpcConversations
from services.analysis.adapters.model_judge import ModelJudge
from services.analysis.adapters.rules import RulesJudge
from services.analysis.judging import Judging
from services.analysis.playbook_yaml import PlaybookInvalid, load_playbooks
from services.analysis.ports import RunUsages
from services.analysis.repository import PostgresAnalyses, PostgresRunUsages
from services.analysis.servicer import AnalysisServicer
from services.analysis.settings import AnalysisSettings
from services.analysis.usecases import CallAnalysis
from services.analysis.work import AnalysisWork
from services.kernel.log import configure_logging
from services.kernel.postgres import open_pool
from services.kernel.rpc.client import channel_to
from services.kernel.rpc.server import until_stopped
from services.kernel.settings import load_settings
from services.stage.compose import stage_service
from services.status.access import identity_of, reading_for_caller


async def main() -> None:
    """Serve and work until asked to stop."""
    configure_logging("analysis")
    settings = load_settings(AnalysisSettings)
    identity = identity_of("analysis", settings)
    try:
        playbooks = load_playbooks(settings.playbooks)
    except PlaybookInvalid as error:
        raise SystemExit(f"POTOK_ANALYSIS_PLAYBOOKS is not usable:\n{error}") from None
    async with (
        open_pool(settings.database_url.get_secret_value(), settings.pool_size) as pool,
        open_pool(settings.app_database_url.get_secret_value(), settings.pool_size) as readers,
        _judging(settings, PostgresRunUsages(pool, reading_for_caller(readers))) as judging,
        channel_to(settings.calls, identity.signer.token) as calls,
        channel_to(settings.upstream, identity.signer.token) as upstream,
    ):
        conversations = RpcConversations(
            CallSyncServiceStub(calls),
            TranscriptionServiceStub(upstream),
            settings.payload_timeout,
        )
        analyses = PostgresAnalyses(reading_for_caller(readers))
        call_analysis = CallAnalysis(analyses, conversations, judging, playbooks)
        servicer = AnalysisServicer(call_analysis)
        async with stage_service(
            "analysis",
            pool,
            [AnalysisWork(call_analysis, StageServiceStub(upstream), settings.limits)],
            settings,
            identity,
            register=lambda server: add_AnalysisServiceServicer_to_server(servicer, server),
            services=["potok.analysis.v1.AnalysisService"],
        ):
            await until_stopped()


@contextlib.asynccontextmanager
async def _judging(settings: AnalysisSettings, usages: RunUsages) -> AsyncIterator[Judging]:
    """Open the judge that the settings name."""
    rules = RulesJudge()
    if settings.judge == "rules" or settings.model is None:
        yield Judging(rules, usages)
        return
    from services.llm.openai_model import open_model  # half a second that rules do not need

    async with open_model(settings.model, "POTOK_ANALYSIS_MODEL_") as model:
        yield Judging(
            ModelJudge(model, settings.part_characters),
            usages,
            fallback=rules if settings.fallback == "rules" else None,
            cap=settings.cap,
            lifetime=settings.job_timeout,
        )


if __name__ == "__main__":
    uvloop.run(main())
