"""Accounts as people have them: the command line, two replicas of the service, and the sandbox that counts."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet
from potok.call_sync.v1 import account_service_pb2 as pb
from potok.call_sync.v1.account_service_pb2_grpc import AccountServiceStub

from deploy.local.postgres import free_port
from deploy.sandbox.world import World
from tests.command_line import Said, potok
from tests.conftest import Database
from tests.identity import client_environment, identity_told, open_channel
from tests.processes import running_service
from tests.sandbox import RunningSandbox, running_sandbox
from tests.waiting import until_ready

if TYPE_CHECKING:
    from potok.call_sync.v1.account_service_pb2_grpc import AccountServiceAsyncStub as Stub


RATE = 10
CHECK = pb.CheckAccountRequest(account_id="clinic")


@dataclass(frozen=True, slots=True, kw_only=True)
class Replicas:
    """Two replicas, a sandbox, and a shell."""

    box: RunningSandbox
    addresses: list[str]
    stubs: "list[Stub]"

    async def potok(self, *arguments: str, **secrets: str) -> Said:
        return await potok(*arguments, environment=client_environment(self.addresses[0], **secrets))


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> AsyncIterator[Replicas]:
    addresses = [f"127.0.0.1:{free_port()}" for _ in range(2)]
    keys = Fernet.generate_key().decode()
    async with contextlib.AsyncExitStack() as stack:
        box = stack.enter_context(running_sandbox(World()))
        for address in addresses:
            settings = {
                **identity_told(database, "call_sync"),
                "LISTEN": address,
                "COORDINATOR": "127.0.0.1:1",
                "REPORT_TIMEOUT": "PT1S",
                "RECORDINGS": f"file://{tmp_path}/kept",
                "SECRETS_KEY": keys,
                "CRM_HOSTS": json.dumps([box.host]),
                "CRM_REQUESTS_PER_SECOND": f"{RATE}",
            }
            await stack.enter_async_context(running_service("call_sync", settings))
        channels = [await stack.enter_async_context(open_channel(each)) for each in addresses]
        await until_ready(*channels)
        stubs: list[Stub] = [AccountServiceStub(channel) for channel in channels]
        yield Replicas(box=box, addresses=addresses, stubs=stubs)


async def test_two_processes_renew_a_token_once_and_never_exceed_the_rate(world: Replicas) -> None:
    box = world.box
    box.behave(access_token_seconds=1, requests_per_second=1000)
    integration = pb.Integration(
        client_id=box.client_id,
        client_secret=box.client_secret,
        redirect_uri=box.redirect_uri,
        code=box.code(),
    )
    await world.stubs[0].AddAccount(
        pb.AddAccountRequest(
            account_id="clinic", host=box.host, requests_per_second=500, integration=integration
        ),
    )
    box.behave(access_token_seconds=86400)

    checks = await asyncio.gather(
        *(stub.CheckAccount(CHECK) for stub in world.stubs for _ in range(2 * RATE))
    )

    assert all(check.works for check in checks), checks[0].message
    assert [each.status for each in box.requests("/oauth2")] == [200, 200]
    arrivals = sorted(each.at for each in box.requests("/api/v4/"))
    assert len(arrivals) == 4 * RATE
    fullest = max(sum(1 for at in arrivals if start <= at < start + 1) for start in arrivals)
    assert fullest <= RATE + 2  # a process that is late sends two at once


async def test_an_account_is_added_listed_stopped_resumed_and_removed(
    world: Replicas, tmp_path: Path
) -> None:
    box = world.box
    token = tmp_path / "token.txt"
    token.write_text(f"{box.long_lived_token()}\n")
    add = ("account", "add", "clinic", "--host", f"http://{box.host}/")

    code, _, err = await world.potok(*add)
    assert (code, "--token-file FILE" in err) == (2, True)
    code, out, err = await world.potok(*add, "--token-file", str(token))
    assert (code, err) == (0, "")
    assert "account clinic works: Клиника Здоровье, Europe/Moscow" in out

    box.behave(blocked=True)
    code, _, err = await world.potok("account", "check", "clinic")
    assert code == 1
    assert "has blocked access" in err
    code, out, _ = await world.potok("account", "list")
    assert code == 0
    assert "paused" in out
    asked = len(box.requests("/api/v4/"))
    await world.potok("account", "check", "clinic")
    assert len(box.requests("/api/v4/")) == asked

    box.behave(blocked=False)
    code, out, _ = await world.potok("account", "resume", "clinic")
    assert (code, "works" in out) == (0, True)
    code, out, _ = await world.potok("account", "list", "--json")
    [listed] = json.loads(out)
    assert (listed["state"], listed["kind"]) == ("ACCOUNT_STATE_ACTIVE", "ACCOUNT_KIND_LONG_LIVED")
    assert token.read_text().strip() not in out
    assert (await world.potok("account", "remove", "clinic"))[0] == 0
    code, _, err = await world.potok("account", "check", "clinic")
    assert (code, "potok account list" in err) == (1, True)


async def test_an_integration_is_added_with_its_secrets_from_the_environment(
    world: Replicas,
) -> None:
    box = world.box

    code, out, err = await world.potok(
        *("account", "add", "clinic", "--host", box.host, "--client-id", box.client_id),
        *("--redirect-uri", box.redirect_uri),
        POTOK_AMOCRM_CLIENT_SECRET=box.client_secret,
        POTOK_AMOCRM_CODE=box.code(),
    )

    assert (code, err) == (0, "")
    assert "works" in out
    again = await world.potok(
        *("account", "add", "clinic", "--host", "evil.example", "--client-id", box.client_id),
        *("--redirect-uri", box.redirect_uri),
        POTOK_AMOCRM_CLIENT_SECRET=box.client_secret,
        POTOK_AMOCRM_CODE=box.code(),
    )
    assert again[0] == 1
    assert "evil.example" in again[2]
