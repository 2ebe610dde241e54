"""`python -m services.call_sync`: one replica of call_sync, until SIGTERM."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

import asyncpg
import grpc
import uvloop
from potok.analysis.v1.analysis_service_pb2_grpc import AnalysisServiceStub
from potok.call_sync.v1.account_service_pb2_grpc import add_AccountServiceServicer_to_server
from potok.call_sync.v1.call_service_pb2_grpc import add_CallServiceServicer_to_server
from potok.call_sync.v1.call_sync_service_pb2_grpc import add_CallSyncServiceServicer_to_server
from potok.call_sync.v1.recording_service_pb2_grpc import add_RecordingServiceServicer_to_server
from potok.stage.v1.stage_service_pb2_grpc import StageServiceStub
from potok.transcription.v1.transcription_service_pb2_grpc import TranscriptionServiceStub

from services.call_sync.accounts.repository import PostgresAccounts, PostgresRates
from services.call_sync.accounts.sealing import Seal
from services.call_sync.accounts.servicer import AccountServicer
from services.call_sync.accounts.usecases import Accounts
from services.call_sync.adapters.amocrm.accounts import AmoCrm
from services.call_sync.adapters.amocrm.answer import open_http
from services.call_sync.adapters.amocrm.client import AmoClient, RetryPolicy
from services.call_sync.adapters.amocrm.limiter import Limiter
from services.call_sync.adapters.amocrm.oauth import OAuth
from services.call_sync.adapters.amocrm.source import AmoSource
from services.call_sync.adapters.amocrm.tokens import AccessTokens
from services.call_sync.adapters.coder import ChildCoder
from services.call_sync.adapters.folder import FolderSource
from services.call_sync.audit.repository import PostgresAudit
from services.call_sync.calls.adapters.results import RpcFindings, RpcTexts
from services.call_sync.calls.adapters.stages import OwnStage, RpcStage
from services.call_sync.calls.copying import Copying
from services.call_sync.calls.repository.copies import PostgresCopies
from services.call_sync.calls.repository.listed_calls import PostgresListedCalls
from services.call_sync.calls.servicer import CallServicer
from services.call_sync.calls.usecases import Calls
from services.call_sync.hearing.repository import PostgresRenditions
from services.call_sync.hearing.servicer import RecordingServicer
from services.call_sync.hearing.usecases import Hearing, Renditions
from services.call_sync.ports import CallSource
from services.call_sync.repository import PostgresCalls, recording_registry
from services.call_sync.servicer import CallSyncServicer
from services.call_sync.settings import CallSyncSettings
from services.call_sync.usecases import CallSync
from services.call_sync.work import CallSyncWork
from services.kernel.fetch.fetcher import Fetcher, FetchLimits
from services.kernel.log import configure_logging
from services.kernel.settings import load_settings
from services.kernel.tasks import every
from services.recordings.domain import StoreUnavailable
from services.recordings.download import Downloads
from services.recordings.store import ObjectRecordings, open_store
from services.stage.app import serve_stages
from services.stage.domain import Limits
from services.status.app import Replica, replica_of
from services.status.domain import Stage


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
    async with replica_of("call_sync", settings) as replica:
        pool = replica.pool
        audit = PostgresAudit(pool, replica.reading_for_caller)
        amocrm = await replica.opened(_amocrm(pool, settings, audit))
        registry = recording_registry(pool, settings.recording_grace)
        recordings = ObjectRecordings(
            store,
            max_bytes=settings.max_recording_bytes,
            register=registry.register,
            mend="run CALL_SYNC for its day in mode ALL",
        )
        sources: dict[str, CallSource] = {"folder": FolderSource(), "amocrm": amocrm.source}
        call_sync = CallSync(PostgresCalls(pool, replica.reading_all), recordings, sources)
        asked = PostgresCalls(pool, replica.reading_for_caller)
        calls = CallSyncServicer(CallSync(asked, recordings, sources))
        renditions = Renditions(
            PostgresRenditions(pool),
            recordings,
            ChildCoder(
                timeout=settings.decoding_timeout,
                longest=settings.longest_heard,
                max_bytes=settings.max_recording_bytes,
            ),
            at_once=settings.decodings,
        )
        replica.stack.push_async_callback(renditions.close)
        heard = RecordingServicer(Hearing(asked, renditions, recordings, audit))
        listed = CallServicer(Calls(PostgresListedCalls(replica.reading_for_caller)))

        def register(server: grpc.aio.Server) -> None:
            add_CallSyncServiceServicer_to_server(calls, server)
            add_AccountServiceServicer_to_server(AccountServicer(amocrm.accounts), server)
            add_RecordingServiceServicer_to_server(heard, server)
            add_CallServiceServicer_to_server(listed, server)

        replica.run(
            every(settings.sweep, partial(registry.sweep, recordings.delete), "recordings"),
            every(settings.crm_turn, amocrm.accounts.turn, "accounts"),
            *[copying.run() for copying in await _copying(replica, settings)],
        )
        await serve_stages(
            replica,
            [CallSyncWork(call_sync, limits, settings.recording_delays)],
            settings,
            register,
            [
                "potok.call_sync.v1.CallSyncService",
                "potok.call_sync.v1.AccountService",
                "potok.call_sync.v1.CallService",
                "potok.call_sync.v1.RecordingService",
            ],
        )


async def _copying(replica: Replica, settings: CallSyncSettings) -> list[Copying]:
    """Return what copies what each stage says of calls."""
    copies = PostgresCopies(replica.pool)
    transcription = await replica.channel_to(settings.transcription)
    analysis = await replica.channel_to(settings.analysis)
    recommendations = StageServiceStub(await replica.channel_to(settings.recommendations))
    texts = RpcTexts(TranscriptionServiceStub(transcription), settings.payload_timeout)
    findings = RpcFindings(AnalysisServiceStub(analysis), settings.payload_timeout)
    transcribed = RpcStage(StageServiceStub(transcription), Stage.TRANSCRIPTION)
    analysed = RpcStage(StageServiceStub(analysis), Stage.ANALYSIS)
    return [
        Copying(Stage.CALL_SYNC, copies, OwnStage(replica.pool, Stage.CALL_SYNC)),
        Copying(Stage.TRANSCRIPTION, copies, transcribed, texts=texts),
        Copying(Stage.ANALYSIS, copies, analysed, findings=findings),
        *(
            Copying(stage, copies, RpcStage(recommendations, stage))
            for stage in (Stage.RECOMMENDATIONS, Stage.REPORTING)
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _AmoCrm:
    source: AmoSource
    accounts: Accounts


@contextlib.asynccontextmanager
async def _amocrm(
    pool: asyncpg.Pool, settings: CallSyncSettings, audit: PostgresAudit
) -> AsyncIterator[_AmoCrm]:
    """Put together what talks to AmoCRM; at the end, renewals under way are waited for."""
    accounts = PostgresAccounts(pool, Seal(settings.secrets_key.get_secret_value()))
    limits = FetchLimits(
        connect=settings.connect_timeout,
        read=settings.read_timeout,
        total=settings.download_timeout,
        per_host=settings.downloads_per_host,
    )
    fetcher = Fetcher(private_hosts=settings.private_hosts, limits=limits)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(fetcher.close)
        http = await stack.enter_async_context(open_http())
        oauth = OAuth(http)
        tokens = await stack.enter_async_context(
            AccessTokens(accounts, oauth, sandboxes=settings.crm_hosts)
        )
        limiter = Limiter(PostgresRates(pool), settings.crm_requests_per_second)
        policy = RetryPolicy(backoff=settings.crm_backoff, pause=settings.crm_pause)
        client = AmoClient(http, accounts, tokens, limiter, policy)
        yield _AmoCrm(
            source=AmoSource(
                client,
                Downloads(
                    fetcher,
                    max_bytes=settings.max_recording_bytes,
                    private_hosts="POTOK_CALL_SYNC_PRIVATE_HOSTS",
                ),
            ),
            accounts=Accounts(
                accounts,
                AmoCrm(client, tokens, oauth),
                audit,
                sandboxes=settings.crm_hosts,
                renew_after=settings.crm_renew_after,
            ),
        )


if __name__ == "__main__":
    uvloop.run(main())
