"""Keys that are replaced, and tokens that are made."""

import contextlib
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from potok.coordinator.v1 import coordinator_service_pb2  # noqa: F401 - its rules are looked up
from potok_client.identity import NoIdentity, own_token

from deploy.local.keys import make_keys
from services.kernel import tokens
from services.kernel.errors import Unauthenticated
from services.kernel.tokens import KeySet, Signer, TokenRefused
from services.status.rpc.access import TokenGuard
from tests.identity import keys, token


def key_set(file: Path) -> KeySet:
    return KeySet(file, issuer="potok", audience="potok")


@pytest.fixture(autouse=True)
def _looks_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "LOOK_SECONDS", 0.0)


def test_new_keys_are_taken_up_and_old_ones_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "users.json"
    shutil.copy(keys() / "users.json", file)
    known = key_set(file)
    old = token("anna")
    assert known.verify(old)["sub"] == "anna"

    others = make_keys(tmp_path / "others")
    shutil.copy(others / "users.json", file)
    assert known.look()
    assert not known.look()

    with pytest.raises(TokenRefused):
        known.verify(old)


def test_keys_that_are_broken_leave_those_of_before(tmp_path: Path) -> None:
    file = tmp_path / "users.json"
    shutil.copy(keys() / "users.json", file)
    known = key_set(file)

    for broken in ("{", json.dumps({"keys": []}), "[]"):
        file.write_text(broken)
        os.utime(file)
        assert not known.look()
        assert known.verify(token("anna"))["sub"] == "anna"


def test_a_first_set_that_is_broken_is_said(tmp_path: Path) -> None:
    file = tmp_path / "users.json"
    file.write_text("{}")

    with pytest.raises(ValueError, match=r"users.json is no set of keys"):
        key_set(file)


class Clocks:
    """A clock that somebody sets, and time that passes."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.passed = 100.0

    def pass_(self, seconds: float) -> None:
        self.now += seconds
        self.passed += seconds


def signed_by(clocks: Clocks) -> Signer:
    return Signer(
        (keys() / "analysis.pem").read_text(),
        name="analysis",
        issuer="potok-services",
        audience="potok",
        clock=lambda: clocks.now,
        stopwatch=lambda: clocks.passed,
    )


def claims_of(token: str) -> Any:
    return jwt.decode(token, options={"verify_signature": False})


def test_a_signer_uses_a_token_for_half_of_its_life() -> None:
    clocks = Clocks()
    signer = signed_by(clocks)

    first = signer.token()
    clocks.pass_(149)
    assert signer.token() == first
    clocks.pass_(2)
    assert signer.token() != first
    assert claims_of(first)["exp"] - claims_of(first)["iat"] == 300


@pytest.mark.parametrize("step", [-86_400, -3_600, -60, -2, 200, 3_600, 86_400])
def test_a_token_is_good_by_the_clock_as_it_is_now_whatever_it_was(step: float) -> None:
    clocks = Clocks()
    signer = signed_by(clocks)

    for moved in (step, -step, step):
        signer.token()
        clocks.now += moved
        claims = claims_of(signer.token())
        assert claims["iat"] <= clocks.now < claims["exp"] - 100


def test_a_clock_that_stands_still_does_not_make_a_token_last() -> None:
    clocks = Clocks()
    signer = signed_by(clocks)

    first = signer.token()
    clocks.passed += 151
    assert signer.token() != first


def test_a_refused_token_is_not_used_again() -> None:
    signer = signed_by(Clocks())

    first = signer.token()
    signer.renew()
    assert signer.token() != first


@pytest.mark.parametrize(("ahead", "good"), [(-100, True), (5, True), (55, True), (120, False)])
def test_a_clock_may_be_a_little_ahead(ahead: float, good: bool) -> None:
    clocks = Clocks()
    clocks.now = time.time() + ahead
    token = signed_by(clocks).token()
    known = KeySet(keys() / "services.json", issuer="potok-services", audience="potok")

    with contextlib.nullcontext() if good else pytest.raises(TokenRefused, match="future"):
        assert known.verify(token)["sub"] == "analysis"


def test_keys_are_made_once_and_are_for_their_owner_only(tmp_path: Path) -> None:
    made = {file.name: file.read_text() for file in make_keys(tmp_path / "keys").iterdir()}
    again = {file.name: file.read_text() for file in make_keys(tmp_path / "keys").iterdir()}

    assert made == again
    assert {"issuer.pem", "users.json", "services.json", "coordinator.pem"} <= made.keys()
    assert all(f.stat().st_mode & 0o777 == 0o600 for f in (tmp_path / "keys").glob("*.pem"))
    assert "PRIVATE" not in made["users.json"] + made["services.json"]
    assert '"d"' not in made["users.json"] + made["services.json"]


def test_a_program_without_token_and_key_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POTOK_TOKEN", raising=False)
    monkeypatch.setenv("POTOK_ISSUER_KEY", str(tmp_path / "none.pem"))

    with pytest.raises(NoIdentity, match=r"none.pem cannot be read"):
        own_token()


def test_a_program_with_the_key_makes_tokens_of_an_administrator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("POTOK_TOKEN", raising=False)
    monkeypatch.setenv("POTOK_ISSUER_KEY", str(keys() / "issuer.pem"))
    monkeypatch.setenv("USER", "vera")

    claims = key_set(keys() / "users.json").verify(own_token()())

    assert (claims["sub"], claims["roles"]) == ("vera", ["admin"])


def test_a_caller_who_was_known_is_not_once_their_key_is_taken_back(tmp_path: Path) -> None:
    file = tmp_path / "users.json"
    shutil.copy(keys() / "users.json", file)
    services = KeySet(keys() / "services.json", issuer="potok-services", audience="potok")
    guard = TokenGuard(key_set(file), services)
    get_run = "/potok.coordinator.v1.CoordinatorService/GetRun"
    bearer = [("authorization", f"Bearer {token('anna')}")]
    guard.admit(get_run, bearer)

    shutil.copy(make_keys(tmp_path / "others") / "users.json", file)

    with pytest.raises(Unauthenticated):
        guard.admit(get_run, bearer)
