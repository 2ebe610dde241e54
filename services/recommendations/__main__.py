"""`python -m services.recommendations`: one replica of recommendations, until SIGTERM."""

from contextlib import AsyncExitStack
from functools import partial

import uvloop
from potok.analysis.v1.analysis_service_pb2_grpc import AnalysisServiceStub
from potok.call_sync.v1.call_sync_service_pb2_grpc import CallSyncServiceStub
from potok.recommendations.v1.recommendations_service_pb2_grpc import (
    add_RecommendationsServiceServicer_to_server,
)
from potok.stage.v1.stage_service_pb2_grpc import StageServiceStub
from potok.transcription.v1.transcription_service_pb2_grpc import TranscriptionServiceStub

from services.kernel.log import configure_logging
from services.kernel.postgres import open_pool
from services.kernel.rpc.client import channel_to
from services.kernel.rpc.server import until_stopped
from services.kernel.settings import load_settings
from services.recommendations.adapters.payloads import RpcPayloads
from services.recommendations.adapters.reporting import open_reporting
from services.recommendations.adapters.upstream import discover_here
from services.recommendations.domain import FollowUp
from services.recommendations.recommendation_rows import PostgresRecommendations
from services.recommendations.repository import PostgresRollUps
from services.recommendations.servicer import RecommendationsServicer
from services.recommendations.settings import RecommendationsSettings
from services.recommendations.usecases import FollowUps, Recommendations, Reporting
from services.recommendations.work import RecommendationsWork, ReportingWork
from services.stage.compose import stage_service
from services.stage.domain import Limits
from services.stage.upstream import discover_upstream
from services.status.domain import Stage


async def main() -> None:
    """Serve and work until asked to stop."""
    configure_logging("recommendations")
    settings = load_settings(RecommendationsSettings)
    limits = partial(Limits, concurrency=settings.concurrency, job_timeout=settings.job_timeout)
    async with AsyncExitStack() as stack:
        upstream, calls, transcripts, analyses = [
            await stack.enter_async_context(channel_to(address))
            for address in (
                settings.upstream,
                settings.calls,
                settings.transcripts,
                settings.analyses,
            )
        ]
        pool = await stack.enter_async_context(
            open_pool(settings.database_url.get_secret_value(), settings.pool_size)
        )
        database = await stack.enter_async_context(
            open_reporting(settings.reporting_url.get_secret_value(), settings.reporting_pool_size)
        )
        payloads = RpcPayloads(
            CallSyncServiceStub(calls),
            TranscriptionServiceStub(transcripts),
            AnalysisServiceStub(analyses),
        )
        roll_ups = PostgresRollUps(pool)
        minimum = settings.minimum_calls
        rules = FollowUp(
            followed_calls=settings.followed_calls,
            expiry=settings.expiry,
            quiet=settings.quiet,
            minimum_calls=minimum,
        )
        rows = PostgresRecommendations(pool, rules)
        follow_ups = FollowUps(rows)
        recommendations = Recommendations(payloads, roll_ups, minimum_calls=minimum)
        reporting = Reporting(payloads, roll_ups, rows, database, minimum_calls=minimum)
        servicer = RecommendationsServicer(recommendations, follow_ups, reporting)
        await stack.enter_async_context(
            stage_service(
                "recommendations",
                pool,
                [
                    RecommendationsWork(
                        recommendations,
                        follow_ups,
                        partial(
                            discover_upstream,
                            StageServiceStub(upstream),
                            stage_before=Stage.ANALYSIS,
                        ),
                        limits(batch=settings.batch),
                    ),
                    ReportingWork(
                        reporting,
                        partial(discover_here, pool, Stage.RECOMMENDATIONS),
                        limits(batch=settings.reporting_batch),
                    ),
                ],
                settings,
                register=partial(add_RecommendationsServiceServicer_to_server, servicer),
                services=["potok.recommendations.v1.RecommendationsService"],
            )
        )
        await until_stopped()


if __name__ == "__main__":
    uvloop.run(main())
