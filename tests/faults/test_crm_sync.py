"""A call_sync that is killed in the middle of a sync of AmoCRM: no call is lost, no token is spent twice."""

import asyncio
import contextlib
import signal
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
from cryptography.fernet import Fernet
from potok.call_sync.v1 import account_pb2
from potok.call_sync.v1 import account_service_pb2 as accounts_pb
from potok.call_sync.v1.account_service_pb2_grpc import AccountServiceStub
from potok.stage.v1 import stage_service_pb2
from potok.stage.v1.stage_service_pb2_grpc import StageServiceStub
from potok.status.v1 import progress_pb2, stage_pb2

from deploy.sandbox.behaviour import Behaviour
from deploy.sandbox.crowd import crowd
from tests.conftest import Database
from tests.identity import identity_told, open_channel
from tests.processes import killed_at_last, start_service
from tests.sandbox import RunningSandbox, running_sandbox
from tests.stage_runs import a_stage_request, items_of, run_to_end
from tests.waiting import until, until_ready

if TYPE_CHECKING:
    from potok.call_sync.v1.account_service_pb2_grpc import AccountServiceAsyncStub
    from potok.stage.v1.stage_service_pb2_grpc import StageServiceAsyncStub

CLINIC = "client:clinic"
WORLD = crowd(calls=40, first_day=date(2026, 3, 1), days=3)
DAYS = progress_pb2.DateRange(start_date="2026-03-01", end_date="2026-03-03")
RUN = a_stage_request(stage_pb2.STAGE_CALL_SYNC, 7, DAYS, source="amocrm:clinic")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSync:
    """The service as a process of its own."""

    process: asyncio.subprocess.Process
    channel: grpc.aio.Channel

    async def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def run_stage(self) -> int:
        """Ask for the execution; returns its state."""
        stub: StageServiceAsyncStub = StageServiceStub(self.channel)
        return (await stub.RunStage(RUN)).state

    async def items(self) -> list[stage_service_pb2.Item]:
        return list((await items_of(self.channel, RUN)).values())


@contextlib.asynccontextmanager
async def call_sync(
    database: Database, sandbox: RunningSandbox, port: int, kept: Path, key: str
) -> AsyncIterator[CallSync]:
    address = f"127.0.0.1:{port}"
    settings = {
        **identity_told(database, "call_sync"),
        "LISTEN": address,
        "COORDINATOR": "127.0.0.1:1",
        "REPORT_TIMEOUT": "PT1S",
        "JOB_HEARTBEAT": "PT1S",
        "RECONCILE": "PT0.5S",
        "RECORDINGS": kept.as_uri(),
        "SECRETS_KEY": key,
        "CRM_HOSTS": f'["{sandbox.host}"]',
        "PRIVATE_HOSTS": f'["{sandbox.telephony}"]',
    }
    async with (
        killed_at_last(await start_service("call_sync", settings)) as process,
        open_channel(address) as channel,
    ):
        await until_ready(channel)
        yield CallSync(process=process, channel=channel)


async def add_account(service: CallSync, sandbox: RunningSandbox) -> None:
    stub: AccountServiceAsyncStub = AccountServiceStub(service.channel)
    integration = accounts_pb.Integration(
        client_id=sandbox.client_id,
        client_secret=sandbox.client_secret,
        redirect_uri=sandbox.redirect_uri,
        code=sandbox.code(),
    )
    request = accounts_pb.AddAccountRequest(
        account_id="clinic",
        host=sandbox.host,
        requests_per_second=100,
        integration=integration,
    )
    answer = await stub.AddAccount(request)
    assert answer.account.state == account_pb2.ACCOUNT_STATE_ACTIVE


def held(sandbox: RunningSandbox, path: str) -> bool:
    return any(each.status == 0 for each in sandbox.requests(path))


async def test_a_sync_that_is_killed_twice_loses_no_call_and_spends_no_token_twice(
    database: Database, free_port: int, tmp_path: Path
) -> None:
    key = Fernet.generate_key().decode()
    nasty = Behaviour(requests_per_second=1000, access_token_requests=12)
    with running_sandbox(WORLD, nasty) as sandbox:
        sandbox.behave(hold="/api/v4/events")
        async with call_sync(database, sandbox, free_port, tmp_path, key) as service:
            await add_account(service, sandbox)
            await service.run_stage()
            await until(lambda: held(sandbox, "/api/v4/events"), "the list of calls is asked for")
            await service.kill()
        sandbox.behave(hold="/api/v4/companies/notes")
        async with call_sync(database, sandbox, free_port, tmp_path, key) as service:
            await until(lambda: held(sandbox, "/api/v4/companies/notes"), "notes are asked for")
            await service.kill()
        sandbox.behave(hold="")
        async with call_sync(database, sandbox, free_port, tmp_path, key) as service:
            state = await run_to_end(service.channel, RUN)
            items = await service.items()
        exchanges = [each.status for each in sandbox.requests("/oauth2/access_token")]

    assert state == stage_pb2.EXECUTION_STATE_SUCCEEDED
    answered = sum(call.recording is not None for call in WORLD.calls)
    calls = [item for item in items if item.reason != stage_pb2.REASON_MERGED]
    assert Counter(item.state for item in calls) == {
        stage_pb2.ITEM_STATE_SUCCESS: answered,
        stage_pb2.ITEM_STATE_SKIPPED: len(WORLD.calls) - answered,
    }
    assert len(exchanges) > 1, "no token was renewed, so that nothing was shown"
    assert set(exchanges) == {200}
