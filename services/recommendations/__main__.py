"""`python -m services.recommendations`: one replica of recommendations, until SIGTERM."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import grpc
import uvloop
from potok.analysis.v1.analysis_service_pb2_grpc import AnalysisServiceStub
from potok.analysis.v1.meeting_analysis_service_pb2_grpc import MeetingAnalysisServiceStub
from potok.call_sync.v1.call_sync_service_pb2_grpc import CallSyncServiceStub
from potok.recommendations.v1.meeting_tasks_service_pb2_grpc import (
    add_MeetingTasksServiceServicer_to_server,
)
from potok.recommendations.v1.recommendations_service_pb2_grpc import (
    add_RecommendationsServiceServicer_to_server,
)
from potok.recommendations.v1.report_export_service_pb2_grpc import (
    add_ReportExportServiceServicer_to_server,
)
from potok.stage.v1.stage_service_pb2_grpc import StageServiceStub
from potok.transcription.v1.transcription_service_pb2_grpc import TranscriptionServiceStub

from services.kernel.log import configure_logging
from services.kernel.postgres import Reading
from services.kernel.settings import load_settings
from services.llm.ports import LanguageModel
from services.recommendations.calls.adapters.payloads import RpcPayloads
from services.recommendations.calls.repository import PostgresAnalysedCalls
from services.recommendations.calls.usecases import AnalysedCalls
from services.recommendations.employees.domain import FollowUpRules
from services.recommendations.employees.repository import PostgresRecommendations
from services.recommendations.employees.usecases import FollowUps
from services.recommendations.export import servicer as export_servicer
from services.recommendations.export.adapters.csv_file import CsvWriter
from services.recommendations.export.adapters.workbook import WorkbookWriter
from services.recommendations.export.domain import ReportFormat
from services.recommendations.export.repository import PostgresExports
from services.recommendations.export.servicer import ReportExportServicer
from services.recommendations.export.usecases import ReportExports
from services.recommendations.meetings.adapters.model import ModelTasks
from services.recommendations.meetings.adapters.payloads import RpcMeetingPayloads
from services.recommendations.meetings.adapters.rules import RulesTasks
from services.recommendations.meetings.ports import TaskFinder
from services.recommendations.meetings.repository import PostgresMeetingTasks
from services.recommendations.meetings.servicer import MeetingTasksServicer
from services.recommendations.meetings.usecases import Tasks
from services.recommendations.meetings.work import TasksWork
from services.recommendations.ranges.adapters.model import ModelNarrator
from services.recommendations.ranges.narrative import RulesNarrator
from services.recommendations.ranges.ports import Narrator
from services.recommendations.ranges.repository import PostgresRollUps
from services.recommendations.ranges.usecases import RangeReports
from services.recommendations.reporting.adapters.discovery import discover_here
from services.recommendations.reporting.repository import open_reporting
from services.recommendations.reporting.usecases import Reporting
from services.recommendations.reporting.work import ReportingWork
from services.recommendations.servicer import RecommendationsServicer
from services.recommendations.settings import RecommendationsSettings
from services.recommendations.work import RecommendationsWork
from services.stage.adapters.upstream import discover_upstream
from services.stage.app import serve_stages
from services.stage.domain import Limits
from services.status.app import replica_of
from services.status.domain import Stage


async def main() -> None:
    """Serve and work until asked to stop."""
    configure_logging("recommendations")
    settings = load_settings(RecommendationsSettings)
    limits = partial(Limits, concurrency=settings.concurrency, job_timeout=settings.job_timeout)
    async with replica_of("recommendations", settings) as replica:
        pool = replica.pool
        upstream = await replica.channel_to(settings.upstream)
        calls = await replica.channel_to(settings.calls)
        transcripts = await replica.channel_to(settings.transcripts)
        analyses = await replica.channel_to(settings.analyses)
        database = await replica.opened(
            open_reporting(
                settings.reporting_url.get_secret_value(),
                settings.reporting_pool_size,
                pooled=settings.reporting_pooled,
            )
        )
        payloads = RpcPayloads(
            CallSyncServiceStub(calls),
            TranscriptionServiceStub(transcripts),
            AnalysisServiceStub(analyses),
        )
        model = await replica.opened(_model(settings))
        narrator = _narrator(settings, model)
        rules_tasks = RulesTasks()
        tasks = Tasks(
            PostgresMeetingTasks(pool, replica.reading_for_caller),
            RpcMeetingPayloads(
                TranscriptionServiceStub(transcripts), MeetingAnalysisServiceStub(analyses)
            ),
            _finder(settings, model) or rules_tasks,
            rules_tasks,
        )
        minimum = settings.minimum_calls
        rules = FollowUpRules(
            followed_calls=settings.followed_calls,
            expiry=settings.expiry,
            quiet=settings.quiet,
            minimum_calls=minimum,
        )

        def usecases(reading: Reading) -> tuple[RangeReports, FollowUps, Reporting]:
            analysed = PostgresAnalysedCalls(reading)
            roll_ups = PostgresRollUps(pool, reading)
            recommendations = PostgresRecommendations(pool, reading, rules)
            return (
                RangeReports(roll_ups, narrator, minimum_calls=minimum),
                FollowUps(recommendations),
                Reporting(
                    payloads, analysed, roll_ups, recommendations, database, minimum_calls=minimum
                ),
            )

        range_reports, follow_ups, reporting = usecases(replica.reading_all)
        of_caller = usecases(replica.reading_for_caller)
        servicer = RecommendationsServicer(*of_caller)
        exports = ReportExports(
            of_caller[0],
            PostgresExports(pool, replica.reading_for_caller),
            {ReportFormat.CSV: CsvWriter(), ReportFormat.XLSX: WorkbookWriter()},
        )
        discover = partial(
            discover_upstream, StageServiceStub(upstream), stage_before=Stage.ANALYSIS
        )

        def register(server: grpc.aio.Server) -> None:
            add_RecommendationsServiceServicer_to_server(servicer, server)
            add_MeetingTasksServiceServicer_to_server(MeetingTasksServicer(tasks), server)
            add_ReportExportServiceServicer_to_server(ReportExportServicer(exports), server)

        await serve_stages(
            replica,
            [
                RecommendationsWork(
                    AnalysedCalls(payloads, PostgresAnalysedCalls(replica.reading_all)),
                    follow_ups,
                    range_reports,
                    discover,
                    limits(batch=settings.batch),
                ),
                ReportingWork(
                    reporting,
                    partial(discover_here, pool, Stage.RECOMMENDATIONS),
                    limits(batch=settings.reporting_batch),
                ),
                TasksWork(tasks, discover, limits(batch=1)),
            ],
            settings,
            register,
            [
                "potok.recommendations.v1.RecommendationsService",
                "potok.recommendations.v1.MeetingTasksService",
                export_servicer.SERVICE,
            ],
        )


@asynccontextmanager
async def _model(settings: RecommendationsSettings) -> AsyncIterator[LanguageModel | None]:
    """Open the language model, if anybody asks it."""
    if settings.model is None or "model" not in (settings.narrator, settings.tasks):
        yield None
        return
    from services.llm.openai_model import open_model  # half a second that rules do not need

    async with open_model(settings.model, "POTOK_RECOMMENDATIONS_MODEL_") as model:
        yield model


def _narrator(settings: RecommendationsSettings, model: LanguageModel | None) -> Narrator:
    """Return the narrator that the settings name."""
    if settings.narrator == "rules" or model is None:
        return RulesNarrator()
    return ModelNarrator(
        model, cost_cap=settings.narrative_cost_cap, timeout=settings.narrative_timeout
    )


def _finder(settings: RecommendationsSettings, model: LanguageModel | None) -> TaskFinder | None:
    """Return who finds tasks by the settings, None for the rules."""
    if settings.tasks == "rules" or model is None:
        return None
    return ModelTasks(
        model,
        part_characters=settings.part_characters,
        cost_cap=settings.tasks_cost_cap,
        timeout=settings.tasks_timeout,
    )


if __name__ == "__main__":
    uvloop.run(main())
