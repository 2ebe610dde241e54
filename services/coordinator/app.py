"""The coordinator put together: everything a replica runs, from settings to an open port."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import grpc
from potok.bot_status.v1 import bot_status_service_pb2_grpc
from potok.coordinator.v1 import (
    bot_report_service_pb2_grpc,
    bot_service_pb2_grpc,
    coordinator_service_pb2_grpc,
    date_range_service_pb2_grpc,
    watch_events_service_pb2_grpc,
)
from potok.recommendations.v1 import meeting_tasks_service_pb2_grpc
from potok.stage.v1 import stage_service_pb2_grpc as stage_grpc

from services.coordinator.bots import servicer as bot_servicer
from services.coordinator.bots.adapters import RpcBotStatus, RpcMeetingResults
from services.coordinator.bots.commands import LaneBotChanges
from services.coordinator.bots.repository import PostgresBots
from services.coordinator.bots.servicer import BotReportServicer, BotServicer
from services.coordinator.bots.usecases import Bots
from services.coordinator.bots.watchdog import BotWatchdog
from services.coordinator.commit.group import Entry
from services.coordinator.commit.lanes import Lanes
from services.coordinator.commit.report_stream import Reports
from services.coordinator.date_ranges import servicer as date_range_servicer
from services.coordinator.date_ranges.servicer import DateRangeServicer
from services.coordinator.date_ranges.usecases import DateRanges
from services.coordinator.dispatch.adapters import RpcStageServices
from services.coordinator.dispatch.commands import LaneExecutionChanges
from services.coordinator.dispatch.dispatcher import Dispatcher
from services.coordinator.dispatch.repository import PostgresDispatch
from services.coordinator.dispatch.watchdog import Watchdog
from services.coordinator.runs import servicer
from services.coordinator.runs.adapters import RpcStages
from services.coordinator.runs.commands import LaneRunChanges
from services.coordinator.runs.repository import PostgresRuns
from services.coordinator.runs.servicer import CODECS, CoordinatorServicer
from services.coordinator.runs.usecases import Runs
from services.coordinator.session import servicer as session_servicer
from services.coordinator.session.adapters import issuer_of
from services.coordinator.session.repository import PostgresTokenAudit
from services.coordinator.session.usecases import Tokens
from services.coordinator.settings import CoordinatorSettings
from services.coordinator.watch import servicer as watch_events_servicer
from services.coordinator.watch.hub import Hub
from services.coordinator.watch.servicer import WatchEventsServicer
from services.coordinator.watch.stored_log import compact_log
from services.coordinator.watch.tailer import CHANNEL, Tailer
from services.coordinator.watch.usecases import Selections
from services.coordinator.watch.waits import LogBotWaits, LogRunEnds
from services.coordinator.watch.watches import Watches
from services.kernel.postgres import listen
from services.kernel.quota import Quota
from services.kernel.tasks import every
from services.status.app import replica_of, serving_as
from services.status.domain import Stage

COMPACT = timedelta(minutes=1)
CLEAN_UP = timedelta(hours=1)

SERVICES = [
    servicer.SERVICE,
    date_range_servicer.SERVICE,
    watch_events_servicer.SERVICE,
    *session_servicer.SERVICES,
    bot_servicer.SERVICE,
    bot_servicer.REPORT_SERVICE,
]


@contextlib.asynccontextmanager
async def running(settings: CoordinatorSettings) -> AsyncIterator[int]:
    """Run a replica until the block ends; yields its port."""
    limits, dsn = settings.limits, settings.database_url.get_secret_value()
    async with replica_of("coordinator", settings) as replica:
        pool, readers, reading = replica.pool, replica.readers, replica.reading_for_caller
        channels, stages = {}, {}
        for stage, address in settings.stages.items():
            channel = await replica.channel_to(address)
            channels[stage], stages[stage] = channel, stage_grpc.StageServiceStub(channel)
        bot_channel = await replica.channel_to(settings.bot_status)
        bot_status = bot_status_service_pb2_grpc.BotStatusServiceStub(bot_channel)
        hub = Hub()
        tailer: Tailer
        dispatcher: Dispatcher

        def publish(first: int, entries: Sequence[Entry]) -> None:
            tailer.committed(first, entries)

        def deliver() -> None:
            dispatcher.hint()

        lanes = Lanes(dsn, publish, deliver, pooled=settings.database_pooled)
        tailer = Tailer(pool, hub, lanes.forget)
        dispatch, executions = PostgresDispatch(pool), LaneExecutionChanges(lanes)
        dispatcher = Dispatcher(dispatch, executions, RpcStageServices(stages))
        watchdog = Watchdog(dispatch, executions, dispatcher, limits)
        reports = Reports(pool, lanes)
        watches = Watches(pool, reading, hub, limits, replica.presence)
        await tailer.start()
        await watches.start()

        runs = Runs(PostgresRuns(pool, reading), LaneRunChanges(lanes), RpcStages(stages))
        ends = LogRunEnds(pool, hub)
        quota = Quota(limits.waits_per_user, "waits")

        bot_changes = LaneBotChanges(lanes)
        bot_rows = PostgresBots(pool, readers)
        bots = Bots(
            bot_rows,
            bot_changes,
            RpcBotStatus(bot_status),
            RpcMeetingResults(
                meeting_tasks_service_pb2_grpc.MeetingTasksServiceStub(channels[Stage.TASKS])
            ),
            LogBotWaits(hub),
            limits.create_tasks_wait,
            quota,
        )
        selections = Selections(runs, bots)
        bot_watchdog = BotWatchdog(bot_rows, bot_changes, limits.bot_retention)

        def register(server: grpc.aio.Server) -> None:
            coordinator_service_pb2_grpc.add_CoordinatorServiceServicer_to_server(
                CoordinatorServicer(runs, reports, watches, selections, stages), server
            )
            date_range_service_pb2_grpc.add_DateRangeServiceServicer_to_server(
                DateRangeServicer(DateRanges(runs, ends, limits.sync_wait, quota)), server
            )
            watch_events_service_pb2_grpc.add_WatchEventsServiceServicer_to_server(
                WatchEventsServicer(watches, selections), server
            )
            session_servicer.add_servicers(
                server, Tokens(issuer_of(settings), PostgresTokenAudit(pool))
            )
            bot_service_pb2_grpc.add_BotServiceServicer_to_server(
                BotServicer(bots, bot_status), server
            )
            bot_report_service_pb2_grpc.add_BotReportServiceServicer_to_server(
                BotReportServicer(bots), server
            )

        async def look() -> None:
            if replica.presence.calm_for(limits.silent):
                await watchdog.look()

        replica.run(
            lanes.run(),
            tailer.run(),
            tailer.tell_others(),
            dispatcher.run(limits.dispatch),
            every(
                limits.heartbeat_writes / 2,
                lambda: reports.store_heartbeats(limits.heartbeat_writes),
                "heartbeats",
            ),
            every(limits.watchdog, look, "watchdog"),
            every(COMPACT, lambda: compact_log(pool, limits.log_retention), "compact"),
            every(CLEAN_UP, runs.clean_up, "clean_up"),
            every(limits.bot_clean_up, bot_watchdog.clean_up, "bot_clean_up"),
        )

        async def drain() -> None:
            await asyncio.gather(watches.drain(), reports.drain())

        if settings.listen_url is not None:
            replica.run(listen(settings.listen_url, CHANNEL, tailer.hint))
        async with serving_as(
            replica.identity,
            settings,
            register,
            SERVICES,
            presence=replica.presence,
            codecs=CODECS,
            drain=drain,
        ) as port:
            yield port
