"""A stage service put together around its stages: everything its process runs, from the queue to an open port."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from functools import partial

import asyncpg
import grpc
from potok.coordinator.v1.coordinator_service_pb2_grpc import CoordinatorServiceStub
from potok.stage.v1.stage_service_pb2_grpc import add_StageServiceServicer_to_server

from services.kernel.presence import Presence
from services.kernel.rpc.client import channel_to
from services.kernel.rpc.server import until_stopped
from services.kernel.tasks import cancel, every
from services.stage.adapters.job_queue import JobQueue
from services.stage.adapters.reporter import Reporter
from services.stage.discovery import Discovery
from services.stage.executions import Executions
from services.stage.jobs import Jobs
from services.stage.ports import StageWork
from services.stage.preview import Previews
from services.stage.process import Process
from services.stage.reconciler import Reconciler
from services.stage.revisits import Revisits
from services.stage.running import Running
from services.stage.servicer import StageServicer
from services.stage.settings import StageSettings
from services.stage.writer import Writer
from services.status.app import Replica, serving_as
from services.status.rpc.access import Identity

GIVE_BACK = timedelta(seconds=3)
"""How long jobs that were ended may take to give their items back; the leases of those that do not run out."""
STAGE_SERVICE = "potok.stage.v1.StageService"


def register_nothing(server: grpc.aio.Server) -> None:
    """Serve no more than the stages."""


@contextlib.asynccontextmanager
async def stage_service(
    service: str,
    pool: asyncpg.Pool,
    works: Sequence[StageWork],
    settings: StageSettings,
    identity: Identity,
    *,
    presence: Presence | None = None,
    register: Callable[[grpc.aio.Server], object] = register_nothing,
    services: Sequence[str] = (),
) -> AsyncIterator[int]:
    """Serve and work until the block ends; yields the port.

    `service` names the schema and the queue; `register` adds the service's own servicers, whose full proto names are
    `services`. At the end no job is taken any more, those under way have `settings.drain` to end, and give their
    items back otherwise; then the last reports are sent.
    """
    served = [STAGE_SERVICE, *services]
    queue = JobQueue(pool, service, settings)
    running = Running(pool)
    async with channel_to(
        settings.coordinator, identity.signer.token, identity.signer.renew
    ) as channel:
        reporter = Reporter(pool, CoordinatorServiceStub(channel), settings)
        process = Process(
            pool=pool,
            works={work.stage: work for work in works},
            queue=queue,
            running=running,
            reporter=reporter,
            settings=settings,
        )
        executions = Executions(process)
        writer = Writer(process, executions)
        jobs = Jobs(process, Discovery(process, executions), executions, writer)
        previews = Previews(process)
        reconciler = Reconciler(process, executions)
        revisits = Revisits(process)
        lease = min(work.limits.lease for work in works)

        async def reconcile() -> None:
            """Not before whoever lives could renew its leases."""
            if presence is None or presence.calm_for(lease):
                await reconciler.turn()

        def register_all(server: grpc.aio.Server) -> None:
            add_StageServiceServicer_to_server(StageServicer(pool, executions, previews), server)
            register(server)

        async with asyncio.TaskGroup() as tasks:  # one that crashes takes the process down
            loops = [
                tasks.create_task(writer.run()),
                tasks.create_task(reporter.run(executions.cancel)),
                tasks.create_task(queue.run_hints()),
                tasks.create_task(every(lease / 3, running.renew, "leases")),
                tasks.create_task(every(settings.watch, running.watch, "watch")),
                tasks.create_task(every(settings.reconcile, reconcile, "reconciler")),
                tasks.create_task(every(settings.reconcile, revisits.turn, "revisits")),
                tasks.create_task(every(settings.clean_up, reconciler.clean_up, "clean_up")),
            ]
            worker = tasks.create_task(jobs.run())
            try:
                drain = partial(_drain, queue, worker, settings.drain)
                async with serving_as(
                    identity, settings, register_all, served, presence=presence, drain=drain
                ) as port:
                    yield port
                running.stop()
                await asyncio.wait({worker}, timeout=GIVE_BACK.total_seconds())
                await reporter.flush(settings.report_timeout / 5)
            finally:
                if not worker.done():
                    queue.give_up()
                await cancel(worker, *loops)


async def serve_stages(
    replica: Replica,
    works: Sequence[StageWork],
    settings: StageSettings,
    register: Callable[[grpc.aio.Server], object],
    services: Sequence[str],
) -> None:
    """Do what `stage_service` does until SIGTERM or SIGINT."""
    async with stage_service(
        replica.service,
        replica.pool,
        works,
        settings,
        replica.identity,
        presence=replica.presence,
        register=register,
        services=services,
    ):
        await until_stopped()


async def _drain(queue: JobQueue, worker: "asyncio.Task[None]", longest: timedelta) -> None:
    """Take no more jobs, and let those under way end."""
    queue.stop()
    await asyncio.wait({worker}, timeout=longest.total_seconds())
