"""Who calls in tests: keys of their own, a token for anybody, and channels that call each RPC as one who may."""

import atexit
import contextlib
import functools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol, Self, cast

import asyncpg
import grpc
import jwt
from potok.status.v1 import access_pb2
from potok_client.identity import mint
from pydantic import SecretStr

from deploy.local.keys import ISSUER, make_keys
from services.kernel.postgres import Reading, reading
from services.kernel.rpc.client import OPTIONS, channel_to
from services.status.identity import EVERYTHING
from services.status.rpc.access import (
    Identity,
    TokenGuard,
    allowed_roles,
    allowed_services,
    identity_of,
)
from tests.waiting import PATIENCE

HOUR = timedelta(hours=1)
_KEYS = "POTOK_TESTS_KEYS"
_LOCAL = [("grpc.use_local_subchannel_pool", 1)]
"""A connection of its own: one that is shared may be between two tries."""


class Database(Protocol):
    """Knows the address of each role."""

    def dsn(self, role: str) -> str:
        """Return the address for a role."""


@functools.cache
def keys() -> Path:
    """Return the folder of the keys that all services of a test run share, those of its processes too."""
    given = os.environ.get(_KEYS)
    if given:
        return Path(given)
    folder = Path(tempfile.mkdtemp(prefix="potok-keys-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ[_KEYS] = str(folder)
    return make_keys(folder)


def issuer_key() -> str:
    """Return the private key that tokens of users are signed with."""
    return (keys() / f"{ISSUER}.pem").read_text()


def token(
    user: str = "anna",
    *,
    roles: Sequence[str] = ("operator",),
    clients: Sequence[str] = (),
    lifetime: timedelta = HOUR,
) -> str:
    """Return a token of a user."""
    return mint(issuer_key(), user, roles=roles, clients=clients, lifetime=lifetime)


@functools.cache
def admin() -> str:
    """Return a token of an administrator."""
    return token("olga", roles=["admin"])


def forged(
    claims: dict[str, Any], key: str = "", algorithm: str = "ES256", kid: str = ISSUER
) -> str:
    """Return a token with any claims, signed by any key."""
    signed_by = None if algorithm == "none" else key or issuer_key()
    return jwt.encode(claims, signed_by, algorithm, {"kid": kid})  # type: ignore[arg-type]  # as "none" wants it


@functools.cache
def identity(service: str = "coordinator") -> Identity:
    """Return the identity of a service."""
    settings: Any = SimpleNamespace(keys=keys(), issuer="potok", audience="potok")
    return identity_of(service, settings)


def guard() -> TokenGuard:
    """Return what lets callers in by the keys of the tests."""
    return identity().guard


def settings_of(database: Database, service: str) -> dict[str, Any]:
    """Return the settings that a service has of its database and identity."""
    return {
        "database_url": SecretStr(database.dsn(f"{service}_system")),
        "app_database_url": SecretStr(database.dsn(f"{service}_app")),
        "keys": keys(),
    }


def environment_of(database: Database, service: str) -> dict[str, str]:
    """Return the same as the environment of a process."""
    return {
        f"POTOK_{service.upper()}_{name}": value
        for name, value in identity_told(database, service).items()
    }


def identity_told(database: Database, service: str) -> dict[str, str]:
    """Return the same by the names of the variables without their prefix."""
    return {
        "DATABASE_URL": database.dsn(f"{service}_system"),
        "APP_DATABASE_URL": database.dsn(f"{service}_app"),
        "KEYS": str(keys()),
    }


def nowhere_told() -> dict[str, str]:
    """Return the same of a database that nobody serves."""
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    return {"DATABASE_URL": nowhere, "APP_DATABASE_URL": nowhere, "KEYS": str(keys())}


def client_environment(address: str, **more: str) -> dict[str, str]:
    """Return the environment of a command line that is an administrator's."""
    own = {"POTOK_ADDRESS": address, "POTOK_TOKEN": admin()}
    return {**os.environ, "COLUMNS": "120", **own, **more}


def seen_by(pool: asyncpg.Pool, *owners: str) -> Reading:
    """Return what reads as somebody who may see the rows of `owners`, by a pool of an app role."""
    return functools.partial(reading, pool, ",".join(owners))


def everything(pool: asyncpg.Pool) -> Reading:
    """Return what reads the rows of everybody, by a pool of a system role."""
    return functools.partial(reading, pool, EVERYTHING)


@contextlib.asynccontextmanager
async def open_channel(
    address: str, as_: str = "", options: Any = ()
) -> AsyncIterator[grpc.aio.Channel]:
    """Open a channel to `host:port`: by the token `as_`, or else for each RPC by one that is let in everywhere.

    What is asked over it has PATIENCE, unless the call names a timeout; a stream has what its reader allows.
    """
    if as_:
        async with channel_to(address, lambda: as_) as identified:
            yield _with(identified, lambda _: {})
        return
    async with grpc.aio.insecure_channel(address, options=[*OPTIONS, *_LOCAL, *options]) as plain:
        yield let_in(plain)


def let_in(plain: grpc.aio.Channel) -> grpc.aio.Channel:
    """Return a channel whose calls are made by an administrator, and by a service where only services may call."""
    return _with(plain, lambda path: {"authorization": f"Bearer {_who(path)}"})


def _with(channel: grpc.aio.Channel, headers: Callable[[str], dict[str, str]]) -> grpc.aio.Channel:
    return cast(grpc.aio.Channel, _Calling(channel, headers))


class _Calling:
    """A channel whose calls carry headers by their path, and do not wait for ever for an answer."""

    def __init__(self, channel: grpc.aio.Channel, headers: Callable[[str], dict[str, str]]) -> None:
        self._channel = channel
        self._headers = headers

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._channel.close()

    def __getattr__(self, kind: str) -> Any:
        make = getattr(self._channel, kind)
        if not kind.startswith(("unary_", "stream_")):
            return make
        usual = PATIENCE if kind.endswith("_unary") else None

        def prepared(path: str, *args: Any, **options: Any) -> Any:
            call = make(path, *args, **options)

            def asked(
                *request: Any, metadata: Any = (), timeout: float | None = usual, **given: Any
            ) -> Any:
                carried = (*metadata, *self._headers(path).items())
                return call(*request, metadata=carried, timeout=timeout, **given)

            return asked

        return prepared


def _who(path: str) -> str:
    """Return the token of one who may call an RPC."""
    allowed = allowed_roles(path)
    if access_pb2.ROLE_OPERATOR in allowed or access_pb2.ROLE_ADMIN in allowed:
        return admin()
    if access_pb2.ROLE_SERVICE in allowed:
        return token("recorder", roles=["service"])
    services = allowed_services(path)
    return identity(services[0]).signer.token() if services else admin()
