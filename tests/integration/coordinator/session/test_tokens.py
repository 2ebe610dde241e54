"""TokenService: the local issuer makes tokens that are let in, and tells who was given one."""

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import session_service_pb2 as session_pb
from potok.coordinator.v1 import session_service_pb2_grpc as session_grpc
from potok.coordinator.v1 import token_service_pb2 as token_pb
from potok.coordinator.v1 import token_service_pb2_grpc as token_grpc
from potok.status.v1 import access_pb2, audit_pb2

from deploy.local.keys import ISSUER, make_keys
from services.coordinator.session.adapters import KeyIssuer
from services.kernel.clock import utc_now
from tests.command_line import potok
from tests.coordination import Coordination, Replica, calling
from tests.identity import admin, client_environment, keys, open_channel, token
from tests.refusals import fields_of, reason_of, refusal

OPERATOR, ADMIN, SERVICE = access_pb2.ROLE_OPERATOR, access_pb2.ROLE_ADMIN, access_pb2.ROLE_SERVICE
KEY = f"{ISSUER}.pem"


@pytest.fixture
async def issuing(world: Coordination) -> AsyncIterator[Replica]:
    async with world.replica(issuer_key=keys() / KEY) as replica:
        yield replica


async def issue(
    replica: Replica, *, as_: str = "", **asked: Any
) -> tuple[token_pb.IssueTokenResponse, dict[str, Any]]:
    """Return the answer and its headers."""
    async with open_channel(replica.address, as_=as_ or admin()) as channel:
        request = token_pb.IssueTokenRequest(**{"user_id": "vera", "role": OPERATOR, **asked})
        call = token_grpc.TokenServiceStub(channel).IssueToken(request)
        return await call, dict(await call.initial_metadata())


async def whose(replica: Replica, own: str) -> session_pb.Session:
    async with open_channel(replica.address, as_=own) as channel:
        stub: Any = session_grpc.SessionServiceStub(channel)
        return (await stub.GetSession(session_pb.GetSessionRequest())).session  # type: ignore[no-any-return]


async def test_a_token_lets_its_user_in_as_what_was_asked_for(issuing: Replica) -> None:
    issued, headers = await issue(
        issuing, client_ids=["clinic", "bakery", "clinic"], lifetime_seconds=600
    )

    session = await whose(issuing, issued.token)
    assert session == issued.session
    assert (session.user_id, list(session.roles)) == ("vera", ["operator"])
    assert list(session.client_ids) == ["bakery", "clinic"]
    left = session.expire_time.ToSeconds() - utc_now().timestamp()
    assert 500 < left <= 600
    assert headers["cache-control"] == "no-store"
    async with calling(issuing.address, issued.token) as vera:
        await vera.stub.GetClient(pb.GetClientRequest(client_id="clinic"))
        refused = await refusal(vera.stub.GetClient(pb.GetClientRequest(client_id="other")))
        assert refused.code() is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize(("role", "word"), [(ADMIN, "admin"), (SERVICE, "service")])
async def test_a_token_counts_for_half_a_day_where_nothing_else_is_asked(
    issuing: Replica, role: Any, word: str
) -> None:
    issued, _ = await issue(issuing, role=role)

    assert list((await whose(issuing, issued.token)).roles) == [word]
    left = issued.session.expire_time.ToSeconds() - utc_now().timestamp()
    assert 43_000 < left <= 43_200


async def test_who_was_given_a_token_is_told_to_administrators_alone(
    issuing: Replica, sql: asyncpg.Connection
) -> None:
    issued, _ = await issue(issuing, client_ids=["clinic"])

    async def told(own: str) -> list[Any]:
        async with calling(issuing.address, own) as replica:
            answer = await replica.stub.ListAuditEntries(pb.ListAuditEntriesRequest())
            issuing_ = audit_pb2.AUDIT_ACTION_ISSUE_TOKEN
            return [each for each in answer.entries if each.action == issuing_]

    [entry] = await told(admin())
    until = issued.session.expire_time.ToDatetime()
    assert (entry.actor, entry.owner, entry.subject) == ("olga", "", "vera")
    assert entry.detail == f"operator of clinic, until {until:%Y-%m-%d %H:%M} UTC"
    assert await told(token("anna", clients=["clinic"])) == []
    assert await told(issued.token) == []
    assert issued.token not in str(await sql.fetch("SELECT * FROM coordinator.audit_entries"))


async def test_the_command_prints_the_token_and_until_when_it_counts(issuing: Replica) -> None:
    environment = client_environment(issuing.address)
    asked = ("admin", "issue-token", "vera", "--client", "clinic", "--hours", "0.5")

    code, out, err = await potok(*asked, environment=environment)
    _, as_json, _ = await potok(*asked, "--json", environment=environment)
    refused, _, why = await potok(*asked[:2], "a,b", environment=environment)

    assert code == 0
    session = await whose(issuing, out.removesuffix("\n"))
    assert (session.user_id, list(session.client_ids)) == ("vera", ["clinic"])
    assert err.startswith("it counts until 2")
    assert (await whose(issuing, json.loads(as_json)["token"])).user_id == "vera"
    assert refused == 1
    assert "user_id" in why


async def test_without_a_key_tokens_come_from_elsewhere(replica: Replica) -> None:
    refused = await refusal(issue(replica))

    assert refused.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert reason_of(refused) == "NO_ISSUER_KEY"
    assert "POTOK_COORDINATOR_ISSUER_KEY" in (refused.details() or "")


@pytest.mark.parametrize("role", ["operator", "service"])
async def test_nobody_but_an_administrator_issues_tokens(issuing: Replica, role: str) -> None:
    refused = await refusal(issue(issuing, as_=token("anna", roles=[role])))

    assert refused.code() is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("user_id", {"user_id": ""}),
        ("user_id", {"user_id": "a,b"}),
        ("user_id", {"user_id": " anna"}),
        ("user_id", {"user_id": "anna\u2028"}),
        ("role", {"role": access_pb2.ROLE_INTERNAL}),
        ("role", {"role": access_pb2.ROLE_UNSPECIFIED}),
        ("client_ids", {"client_ids": [f"client-{n:050}" for n in range(60)]}),
        ("lifetime_seconds", {"lifetime_seconds": 31_536_001}),
    ],
)
async def test_a_token_that_nobody_could_use_is_not_made(
    issuing: Replica, sql: asyncpg.Connection, field: str, asked: dict[str, Any]
) -> None:
    refused = await refusal(issue(issuing, **asked))

    assert refused.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert [each.split("[")[0] for each in fields_of(refused)] == [field]
    made = "SELECT FROM coordinator.audit_entries WHERE action = 'ISSUE_TOKEN'"
    assert not await sql.fetch(made)


def test_a_key_that_makes_no_good_tokens_is_refused_at_the_start(tmp_path: Path) -> None:
    published = tmp_path / "users.json"
    shutil.copy(keys() / "users.json", published)
    other = make_keys(tmp_path / "others") / KEY
    pem = rsa.generate_private_key(65_537, 2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    of_another_kind, nothing = tmp_path / "rsa.pem", tmp_path / "nothing.pem"
    of_another_kind.write_bytes(pem)
    nothing.write_text("")

    def issuer(file: Path) -> KeyIssuer:
        return KeyIssuer(file, published, issuer="potok", audience="potok")

    issuer(keys() / KEY)
    with pytest.raises(ValueError, match=r"its public key is not in .*users\.json"):
        issuer(other)
    for file in (of_another_kind, nothing):
        with pytest.raises(ValueError, match="holds no EC private key"):
            issuer(file)
    with pytest.raises(OSError, match="absent"):
        issuer(tmp_path / "absent.pem")
    for text in ("{", json.dumps({"keys": []}), "[]"):
        published.write_text(text)
        with pytest.raises(ValueError, match=r"users\.json is no set of keys"):
            issuer(keys() / KEY)
