"""`python -m services.call_sync`: one replica of call_sync, until SIGTERM."""

import asyncio

import uvloop
from potok.call_sync.v1.call_sync_service_pb2_grpc import add_CallSyncServiceServicer_to_server

from services.call_sync.adapters.folder import FolderSource
from services.call_sync.adapters.recordings import ObjectRecordings, open_store
from services.call_sync.domain import StoreUnavailable
from services.call_sync.recording_repository import PostgresRecordings
from services.call_sync.repository import PostgresCalls
from services.call_sync.servicer import CallSyncServicer
from services.call_sync.settings import CallSyncSettings
from services.call_sync.usecases import CallSync, RecordingSweep
from services.call_sync.work import CallSyncWork
from services.kernel.log import configure_logging
from services.kernel.postgres import open_pool
from services.kernel.rpc.server import until_stopped
from services.kernel.settings import load_settings
from services.kernel.tasks import cancel, every
from services.stage.compose import stage_service
from services.stage.domain import Limits


async def main() -> None:
    """Serve and work until asked to stop."""
    configure_logging("call_sync")
    settings = load_settings(CallSyncSettings)
    try:
        store = open_store(settings.recordings)
    except StoreUnavailable as error:
        raise SystemExit(f"POTOK_CALL_SYNC_RECORDINGS: {error}") from None
    limits = Limits(
        batch=settings.batch, concurrency=settings.concurrency, job_timeout=settings.job_timeout
    )
    async with open_pool(settings.database_url.get_secret_value(), settings.pool_size) as pool:
        registry = PostgresRecordings(pool, settings.recording_grace)
        recordings = ObjectRecordings(
            store, max_bytes=settings.max_recording_bytes, register=registry.register
        )
        sweep = RecordingSweep(registry, recordings)
        call_sync = CallSync(PostgresCalls(pool), recordings, {"folder": FolderSource()})
        servicer = CallSyncServicer(call_sync)
        async with stage_service(
            "call_sync",
            pool,
            [CallSyncWork(call_sync, limits, settings.recording_delays)],
            settings,
            register=lambda server: add_CallSyncServiceServicer_to_server(servicer, server),
            services=["potok.call_sync.v1.CallSyncService"],
        ):
            sweeping = asyncio.create_task(every(settings.sweep, sweep.turn, "recordings"))
            try:
                await until_stopped()
            finally:
                await cancel(sweeping)


if __name__ == "__main__":
    uvloop.run(main())
