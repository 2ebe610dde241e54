"""`python -m services.recommendations`: one replica of recommendations, until SIGTERM."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
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
from services.kernel.postgres import Reading, open_pool, reading
from services.kernel.rpc.client import channel_to
from services.kernel.rpc.server import until_stopped
from services.kernel.settings import load_settings
from services.recommendations.adapters.model_narrator import ModelNarrator
from services.recommendations.adapters.payloads import RpcPayloads
from services.recommendations.adapters.reporting import open_reporting
from services.recommendations.adapters.upstream import discover_here
from services.recommendations.domain import FollowUp
from services.recommendations.narrative import RulesNarrator
from services.recommendations.ports import Narrator
from services.recommendations.recommendation_rows import PostgresRecommendations
from services.recommendations.repository import PostgresRollUps
from services.recommendations.servicer import RecommendationsServicer
from services.recommendations.settings import RecommendationsSettings
from services.recommendations.usecases import FollowUps, Recommendations, Reporting
from services.recommendations.work import RecommendationsWork, ReportingWork
from services.stage.compose import stage_service
from services.stage.domain import Limits
from services.stage.upstream import discover_upstream
from services.status.access import identity_of, reading_for_caller
from services.status.domain import Stage
from services.status.identity import EVERYTHING


async def main() -> None:
    """Serve and work until asked to stop."""
    configure_logging("recommendations")
    settings = load_settings(RecommendationsSettings)
    identity = identity_of("recommendations", settings)
    limits = partial(Limits, concurrency=settings.concurrency, job_timeout=settings.job_timeout)
    async with AsyncExitStack() as stack:
        upstream, calls, transcripts, analyses = [
            await stack.enter_async_context(channel_to(address, identity.signer.token))
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
        readers = await stack.enter_async_context(
            open_pool(settings.app_database_url.get_secret_value(), settings.pool_size)
        )
        database = await stack.enter_async_context(
            open_reporting(settings.reporting_url.get_secret_value(), settings.reporting_pool_size)
        )
        payloads = RpcPayloads(
            CallSyncServiceStub(calls),
            TranscriptionServiceStub(transcripts),
            AnalysisServiceStub(analyses),
        )
        narrator = await stack.enter_async_context(_narrator(settings))
        minimum = settings.minimum_calls
        rules = FollowUp(
            followed_calls=settings.followed_calls,
            expiry=settings.expiry,
            quiet=settings.quiet,
            minimum_calls=minimum,
        )

        def usecases(reading: Reading) -> tuple[Recommendations, FollowUps, Reporting]:
            roll_ups = PostgresRollUps(pool, reading)
            rows = PostgresRecommendations(pool, reading, rules)
            return (
                Recommendations(payloads, roll_ups, narrator, minimum_calls=minimum),
                FollowUps(rows),
                Reporting(payloads, roll_ups, rows, database, minimum_calls=minimum),
            )

        recommendations, follow_ups, reporting = usecases(partial(reading, pool, EVERYTHING))
        servicer = RecommendationsServicer(*usecases(reading_for_caller(readers)))
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
                identity,
                register=partial(add_RecommendationsServiceServicer_to_server, servicer),
                services=["potok.recommendations.v1.RecommendationsService"],
            )
        )
        await until_stopped()


@asynccontextmanager
async def _narrator(settings: RecommendationsSettings) -> AsyncIterator[Narrator]:
    """Open the narrator that the settings name."""
    if settings.narrator == "rules" or settings.model is None:
        yield RulesNarrator()
        return
    from services.llm.openai_model import open_model  # half a second that rules do not need

    async with open_model(settings.model, "POTOK_RECOMMENDATIONS_MODEL_") as model:
        yield ModelNarrator(
            model,
            cost_cap=settings.narrative_cost_cap,
            timeout=settings.narrative_timeout,
        )


if __name__ == "__main__":
    uvloop.run(main())
