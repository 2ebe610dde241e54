"""`python -m services.analysis`: one replica of analysis, until SIGTERM."""

import uvloop
from potok.analysis.v1.analysis_service_pb2_grpc import add_AnalysisServiceServicer_to_server
from potok.call_sync.v1.call_sync_service_pb2_grpc import CallSyncServiceStub
from potok.stage.v1.stage_service_pb2_grpc import StageServiceStub
from potok.transcription.v1.transcription_service_pb2_grpc import TranscriptionServiceStub

from services.analysis.adapters.conversations import RpcConversations
from services.analysis.adapters.rules import RulesJudge
from services.analysis.playbook_yaml import PlaybookInvalid, load_playbooks
from services.analysis.repository import PostgresAnalyses
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
from services.stage.domain import Limits


async def main() -> None:
    """Serve and work until asked to stop."""
    configure_logging("analysis")
    settings = load_settings(AnalysisSettings)
    try:
        playbooks = load_playbooks(settings.playbooks)
    except PlaybookInvalid as error:
        raise SystemExit(f"POTOK_ANALYSIS_PLAYBOOKS is not usable:\n{error}") from None
    limits = Limits(
        batch=settings.batch, concurrency=settings.concurrency, job_timeout=settings.job_timeout
    )
    async with (
        open_pool(settings.database_url.get_secret_value(), settings.pool_size) as pool,
        channel_to(settings.calls) as calls,
        channel_to(settings.upstream) as upstream,
    ):
        conversations = RpcConversations(
            CallSyncServiceStub(calls),
            TranscriptionServiceStub(upstream),
            settings.payload_timeout,
        )
        call_analysis = CallAnalysis(PostgresAnalyses(pool), conversations, RulesJudge(), playbooks)
        servicer = AnalysisServicer(call_analysis)
        async with stage_service(
            "analysis",
            pool,
            [AnalysisWork(call_analysis, StageServiceStub(upstream), limits)],
            settings,
            register=lambda server: add_AnalysisServiceServicer_to_server(servicer, server),
            services=["potok.analysis.v1.AnalysisService"],
        ):
            await until_stopped()


if __name__ == "__main__":
    uvloop.run(main())
