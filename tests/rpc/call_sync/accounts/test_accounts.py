from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from cryptography.fernet import Fernet
from potok.call_sync.v1 import account_pb2
from potok.call_sync.v1 import account_service_pb2 as pb
from potok.call_sync.v1 import account_service_pb2_grpc as pb_grpc
from potok.status.v1 import audit_pb2
from potok_client.channels import error_info

from deploy.sandbox.world import World
from services.call_sync.accounts.mapping import ACCOUNT_KIND_TO_PB, ACCOUNT_STATE_TO_PB
from services.call_sync.accounts.repository import PostgresAccounts
from services.call_sync.accounts.sealing import Seal
from services.call_sync.accounts.servicer import AccountServicer
from services.call_sync.accounts.usecases import Accounts
from services.call_sync.audit.repository import PostgresAudit
from services.kernel.rpc.server import serving
from tests.amocrm import CLINIC, Amo, amocrm
from tests.conftest import Database
from tests.identity import everything, guard, open_channel
from tests.sandbox import running_sandbox

if TYPE_CHECKING:
    from potok.call_sync.v1.account_service_pb2_grpc import AccountServiceAsyncStub as Stub


@pytest.fixture
async def amo(database: Database) -> AsyncIterator[Amo]:
    keys = Fernet.generate_key().decode()
    with running_sandbox(World()) as box:
        async with database.pool("call_sync_system") as pool, amocrm(pool, box, keys=keys) as amo:
            yield amo


@pytest.fixture
async def stub(amo: Amo) -> "AsyncIterator[Stub]":
    servicer = AccountServicer(amo.accounts)
    async with (
        serving(
            "127.0.0.1:0",
            lambda server: pb_grpc.add_AccountServiceServicer_to_server(servicer, server),
            services=["potok.call_sync.v1.AccountService"],
            guard=guard(),
        ) as port,
        open_channel(f"127.0.0.1:{port}") as channel,
    ):
        yield pb_grpc.AccountServiceStub(channel)


def adding(amo: Amo, account_id: str = "clinic", **changes: Any) -> pb.AddAccountRequest:
    token = pb.LongLivedToken(token=amo.box.long_lived_token())
    given: dict[str, Any] = {"account_id": account_id, "host": amo.box.host, "long_lived": token}
    return pb.AddAccountRequest(**(given | changes))


async def test_accounts_are_added_listed_by_pages_and_deleted(amo: Amo, stub: "Stub") -> None:
    for account_id in ("c", "a", "b"):
        answer = await stub.AddAccount(adding(amo, account_id))
        assert answer.account.kind == account_pb2.ACCOUNT_KIND_LONG_LIVED
        assert answer.account.requests_per_second == 5
        assert answer.account.HasField("access_expire_time")

    first = await stub.ListAccounts(pb.ListAccountsRequest(page_size=2))
    rest = await stub.ListAccounts(
        pb.ListAccountsRequest(page_size=2, page_token=first.next_page_token)
    )
    assert [each.account_id for each in (*first.accounts, *rest.accounts)] == ["a", "b", "c"]
    assert rest.next_page_token == ""
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await stub.ListAccounts(pb.ListAccountsRequest(page_token="b"), timeout=5)
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT

    await stub.DeleteAccount(pb.DeleteAccountRequest(account_id="b"))
    refused: list[Awaitable[object]] = [
        stub.GetAccount(pb.GetAccountRequest(account_id="b")),
        stub.CheckAccount(pb.CheckAccountRequest(account_id="b")),
        stub.ResumeAccount(pb.ResumeAccountRequest(account_id="b")),
        stub.DeleteAccount(pb.DeleteAccountRequest(account_id="b")),
    ]
    for call in refused:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await call
        assert raised.value.code() is grpc.StatusCode.NOT_FOUND


async def test_who_changes_accounts_is_kept(amo: Amo, stub: "Stub") -> None:
    await stub.AddAccount(adding(amo))
    await stub.ResumeAccount(pb.ResumeAccountRequest(account_id="clinic"))  # there is no pause
    await amo.repository.pause(CLINIC, "asked to", None)
    await stub.ResumeAccount(pb.ResumeAccountRequest(account_id="clinic"))
    await stub.DeleteAccount(pb.DeleteAccountRequest(account_id="clinic"))
    with pytest.raises(grpc.aio.AioRpcError):
        await stub.DeleteAccount(pb.DeleteAccountRequest(account_id="clinic"))

    first = await stub.ListAccountAudit(pb.ListAccountAuditRequest(page_size=2))
    request = pb.ListAccountAuditRequest(page_size=2, page_token=first.next_page_token)
    rest = await stub.ListAccountAudit(request)

    entries = [*first.entries, *rest.entries]
    assert [(each.action, each.detail) for each in entries] == [
        (audit_pb2.AUDIT_ACTION_DELETE_ACCOUNT, ""),
        (audit_pb2.AUDIT_ACTION_RESUME_ACCOUNT, ""),
        (audit_pb2.AUDIT_ACTION_ADD_ACCOUNT, amo.box.host),
    ]
    assert {(each.owner, each.subject) for each in entries} == {("", "clinic")}
    assert all(each.actor for each in entries)
    assert not rest.next_page_token


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"account_id": "a b"}, "account_id"),
        ({"host": ""}, "host"),
        ({"host": "evil.example"}, "host"),
        ({"long_lived": None}, "credentials"),
        ({"long_lived": pb.LongLivedToken(token="x")}, "long_lived.token"),
        ({"requests_per_second": 0.0}, "requests_per_second"),
        ({"long_lived": None, "integration": pb.Integration(client_id="x")}, "client_secret"),
    ],
)
async def test_a_request_that_cannot_work_is_refused_by_its_field(
    amo: Amo, stub: "Stub", changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await stub.AddAccount(adding(amo, **changes))

    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert field in (raised.value.details() or "")


async def test_an_account_that_needs_new_tokens_is_not_resumed(amo: Amo, stub: "Stub") -> None:
    await stub.AddAccount(adding(amo))
    _, credentials = await amo.repository.get_credentials(CLINIC)
    await amo.tokens.give_up(CLINIC, credentials.tokens.access_token)

    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await stub.ResumeAccount(pb.ResumeAccountRequest(account_id="clinic"))

    assert raised.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert error_info(raised.value).reason == "REAUTH_REQUIRED"
    answer = await stub.AddAccount(adding(amo))
    assert answer.account.state == account_pb2.ACCOUNT_STATE_ACTIVE


async def test_without_a_key_no_secret_is_taken(database: Database, amo: Amo) -> None:
    async with database.pool("call_sync_system") as pool:
        accounts = Accounts(
            PostgresAccounts(pool, Seal("")),
            amo.accounts._crm,
            PostgresAudit(pool, everything(pool)),
            sandboxes=[amo.box.host],
            renew_after=timedelta(days=7),
        )
        servicer = AccountServicer(accounts)
        async with (
            serving(
                "127.0.0.1:0",
                lambda server: pb_grpc.add_AccountServiceServicer_to_server(servicer, server),
                services=[],
                guard=guard(),
            ) as port,
            open_channel(f"127.0.0.1:{port}") as channel,
        ):
            stub: Stub = pb_grpc.AccountServiceStub(channel)
            integration = pb.Integration(
                client_id=amo.box.client_id,
                client_secret=amo.box.client_secret,
                redirect_uri=amo.box.redirect_uri,
                code=amo.box.code(),
            )
            for request in (adding(amo), adding(amo, long_lived=None, integration=integration)):
                with pytest.raises(grpc.aio.AioRpcError) as raised:
                    await stub.AddAccount(request)
                assert raised.value.code() is grpc.StatusCode.FAILED_PRECONDITION
                assert error_info(raised.value).reason == "NO_SECRETS_KEY"

    assert amo.box.requests("/oauth2") == []  # the code is still good


def test_every_kind_and_state_has_a_protobuf_value() -> None:
    assert set(ACCOUNT_KIND_TO_PB.values()) == set(account_pb2.AccountKind.values()) - {0}
    assert set(ACCOUNT_STATE_TO_PB.values()) == set(account_pb2.AccountState.values()) - {0}
