"""bot_status put together: everything a replica runs, from settings to an open port."""

import contextlib
from collections.abc import AsyncIterator

import grpc
import httpx2
from potok.bot_status.v1.bot_status_service_pb2_grpc import add_BotStatusServiceServicer_to_server
from potok.bot_status.v1.webhook_service_pb2_grpc import add_WebhookServiceServicer_to_server
from potok.coordinator.v1.bot_report_service_pb2_grpc import BotReportServiceStub

from services.bot_status.adapters.api import Api, open_http
from services.bot_status.adapters.attendee import AttendeeProvider
from services.bot_status.adapters.coordinator import RpcCoordinator
from services.bot_status.adapters.generic import GenericProvider
from services.bot_status.adapters.links import GuardedLinks
from services.bot_status.adapters.recall import RecallProvider
from services.bot_status.adapters.vexa import VexaProvider
from services.bot_status.meeting_links import HOSTS, MeetingLinks
from services.bot_status.meetings.fetching import Fetching
from services.bot_status.meetings.repository import PostgresMeetings, recording_registry
from services.bot_status.meetings.usecases import Meetings
from services.bot_status.new_bots import Defaults
from services.bot_status.patience import Patience
from services.bot_status.poller import Poller
from services.bot_status.ports import BotProvider
from services.bot_status.reports import BotReports
from services.bot_status.repository import PostgresBots, PostgresIntents, PostgresReports
from services.bot_status.servicer import BotStatusServicer
from services.bot_status.settings import BotStatusSettings, ProviderName
from services.bot_status.usecases import Bots
from services.bot_status.webhook_servicer import WebhookServicer
from services.kernel.fetch.fetcher import Fetcher, FetchLimits
from services.kernel.tasks import every
from services.recordings.domain import StoreUnavailable
from services.recordings.download import Downloads
from services.recordings.repository import RecordingRegistry
from services.recordings.store import ObjectRecordings, open_store
from services.status.app import replica_of, serving_as

SERVICES = ("potok.bot_status.v1.BotStatusService", "potok.bot_status.v1.WebhookService")


@contextlib.asynccontextmanager
async def running(settings: BotStatusSettings) -> AsyncIterator[int]:
    """Run a replica until the block ends; yields its port."""
    async with replica_of("bot_status", settings) as replica:
        pool, reading = replica.pool, replica.reading_for_caller
        http = await replica.opened(open_http(settings.request_timeout))
        channel = await replica.channel_to(settings.coordinator)
        links = _links(settings, replica.stack)
        provider = _provider(settings, http, links)
        registry = recording_registry(pool, settings.recording_grace)
        store = _store(settings, registry)
        bots = PostgresBots(pool, reading, settings.report_again)
        meetings = PostgresMeetings(pool, reading, settings.report_again)
        reports = BotReports(
            PostgresReports(pool),
            RpcCoordinator(BotReportServiceStub(channel), settings.report_timeout),
            again=settings.report_again,
        )
        fetching = Fetching(
            provider,
            meetings,
            store,
            links,
            reports,
            lease=settings.lease,
            look=settings.poll_tick,
            longest=settings.download_timeout,
        )
        patience = Patience(interval=settings.poll, **dict(settings.limits))
        defaults = Defaults(time_zone=settings.time_zone, language=settings.language)
        held = Meetings(bots, meetings, store, links, fetching, reports, defaults)
        run = Bots(
            provider,
            PostgresIntents(pool, settings.report_again),
            bots,
            reports,
            held,
            MeetingLinks((*HOSTS[settings.provider.value], *settings.meeting_hosts)),
            defaults=defaults,
            lease=settings.start_lease,
            patience=patience,
        )
        poller = Poller(
            provider,
            bots,
            reports,
            fetching,
            patience=patience,
            lease=settings.lease,
            concurrency=settings.polls,
        )

        async def clean_up() -> None:
            await bots.clean_up(settings.keep_webhooks, settings.keep_meetings)
            await registry.sweep(store.delete)

        def register(server: grpc.aio.Server) -> None:
            add_BotStatusServiceServicer_to_server(BotStatusServicer(run, held), server)
            add_WebhookServiceServicer_to_server(WebhookServicer(run), server)

        replica.stack.push_async_callback(poller.stop)
        replica.stack.push_async_callback(run.stop)
        replica.run(
            every(settings.poll_tick, poller.turn, "poller"),
            every(settings.report_tick, reports.turn, "reports"),
            every(settings.resolve, run.resolve, "wishes"),
            every(settings.clean_up, clean_up, "clean_up"),
        )
        async with serving_as(
            replica.identity, settings, register, SERVICES, presence=replica.presence
        ) as port:
            yield port


def _provider(
    settings: BotStatusSettings, http: httpx2.AsyncClient, links: GuardedLinks
) -> BotProvider:
    """Return the service that the settings name; more are a case here and a file in adapters."""
    key = settings.api_key.get_secret_value()
    secrets = [secret.get_secret_value() for secret in settings.webhook_secrets]
    match settings.provider:
        case ProviderName.GENERIC:
            return GenericProvider(
                Api(http, settings.url, {"Authorization": f"Bearer {key}"} if key else {}),
                status_fields=settings.status_fields,
                words=settings.vocabulary,
            )
        case ProviderName.ATTENDEE:
            api = Api(http, settings.url, {"Authorization": f"Token {key}"})
            return AttendeeProvider(api, secrets, settings.keep_webhooks)
        case ProviderName.VEXA:
            api = Api(http, settings.url, {"X-API-Key": key})
            return VexaProvider(api, key, secrets, settings.meeting_hosts)
        case ProviderName.RECALL:
            api = Api(http, settings.url, {"Authorization": f"Token {key}"})
            return RecallProvider(api, secrets, links.read_document)


def _links(settings: BotStatusSettings, stack: contextlib.AsyncExitStack) -> GuardedLinks:
    limits = FetchLimits(
        connect=settings.connect_timeout,
        read=settings.read_timeout,
        total=settings.download_timeout,
    )
    fetcher = Fetcher(private_hosts=settings.private_hosts, limits=limits)
    stack.push_async_callback(fetcher.close)
    downloads = Downloads(
        fetcher,
        max_bytes=settings.max_recording_bytes,
        private_hosts="POTOK_BOT_STATUS_PRIVATE_HOSTS",
    )
    return GuardedLinks(fetcher, downloads)


def _store(settings: BotStatusSettings, registry: RecordingRegistry) -> ObjectRecordings:
    try:
        store = open_store(settings.recordings)
    except StoreUnavailable as error:
        raise SystemExit(f"POTOK_BOT_STATUS_RECORDINGS: {error}") from None
    return ObjectRecordings(
        store,
        max_bytes=settings.max_recording_bytes,
        register=registry.register,
        mend="have it handed over once more",
    )
