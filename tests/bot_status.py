"""bot_status in a test: replicas of it on free ports, beside a sandbox and a coordinator that takes reports."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from potok.bot_status.v1.bot_status_service_pb2_grpc import BotStatusServiceStub
from potok.bot_status.v1.webhook_service_pb2_grpc import WebhookServiceStub

from deploy.sandbox.behaviour import Behaviour
from deploy.sandbox.clinic import clinic
from services.bot_status.app import running
from services.bot_status.settings import BotStatusSettings, Limits
from tests.conftest import Database
from tests.fakes.bot_coordinator import FakeBotCoordinator, serving_bot_coordinator
from tests.identity import open_channel, settings_of
from tests.sandbox import RunningSandbox, running_sandbox
from tests.waiting import until

if TYPE_CHECKING:  # the generated code has it for type checkers only
    from potok.bot_status.v1.bot_status_service_pb2_grpc import BotStatusServiceAsyncStub
    from potok.bot_status.v1.webhook_service_pb2_grpc import WebhookServiceAsyncStub

ANNA = "user:anna"


def milliseconds(number: float) -> timedelta:
    return timedelta(milliseconds=number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """A replica that serves."""

    bots: "BotStatusServiceAsyncStub"
    webhooks: "WebhookServiceAsyncStub"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What a replica of bot_status needs."""

    database: Database
    sandbox: RunningSandbox
    coordinator: FakeBotCoordinator
    coordinator_address: str
    folder: Path

    @contextlib.asynccontextmanager
    async def replica(self, **settings: Any) -> AsyncIterator[Replica]:
        """Run a replica until the block ends, in a hurry."""
        limits = settings.pop("limits", {})
        given = {
            "listen": "127.0.0.1:0",
            "coordinator": self.coordinator_address,
            "url": f"http://{self.sandbox.bots}",
            "private_hosts": [self.sandbox.bots],
            "recordings": self.folder.as_uri(),
            "poll": milliseconds(50),
            "poll_tick": milliseconds(20),
            "report_again": milliseconds(500),
            "report_tick": milliseconds(50),
            "resolve": milliseconds(100),
            "drain": timedelta(0),
            "limits": Limits(**{"longest_pause": milliseconds(200), **limits}),
            **settings_of(self.database, "bot_status"),
            **settings,
        }
        async with (
            running(BotStatusSettings(**given)) as port,
            open_channel(f"127.0.0.1:{port}") as channel,
        ):
            yield Replica(bots=BotStatusServiceStub(channel), webhooks=WebhookServiceStub(channel))

    async def until_asked(self, path: str, times: int = 1) -> None:
        """Wait until the service outside was asked for a path so often."""
        await until(
            lambda: len(self.sandbox.requests(path)) >= times,
            f"the service outside is asked for {path} {times} times",
        )


@contextlib.asynccontextmanager
async def outside(database: Database, folder: Path, **behaviour: Any) -> AsyncIterator[Outside]:
    """Serve a coordinator, and a service that runs bots and behaves so, until the block ends."""
    coordinator = FakeBotCoordinator()
    with running_sandbox(clinic(), Behaviour(**behaviour)) as sandbox:
        async with serving_bot_coordinator(coordinator) as address:
            yield Outside(
                database=database,
                sandbox=sandbox,
                coordinator=coordinator,
                coordinator_address=address,
                folder=folder,
            )
