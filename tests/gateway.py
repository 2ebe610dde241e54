"""A gateway under test: the real Envoy on a free port, told by the keys of the tests."""

import asyncio
import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2

from deploy.local.folders import CHECKOUT
from deploy.local.postgres import free_port
from gateway.rendering import SERVICES
from gateway.settings import GatewaySettings
from tests.identity import forged, keys
from tests.waiting import PATIENCE, until

DAY = 86_400.0
"""Some tokens are made when their file is collected: they outlive the slowest run of all tests."""


def token(*, key: str = "", without: str = "", lifetime: float = DAY, **claims: Any) -> str:
    """Return a token of the user `anna` for the client `clinic`, unless `claims` say otherwise."""
    now = int(time.time())
    said = {
        "iss": "potok",
        "aud": "potok",
        "sub": "anna",
        "clients": ["clinic"],
        "roles": ["operator"],
        "iat": now,
        "exp": int(now + lifetime),
    } | claims
    said.pop(without, None)
    return forged(said, key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A gateway that runs; `log` is what Envoy wrote."""

    address: str
    folder: Path

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def http(self, bearer: str | None = None, **options: Any) -> httpx2.AsyncClient:
        """Return a client of the JSON; by default `anna`, without a token where that is empty."""
        said = token() if bearer is None else bearer
        headers = {"authorization": f"Bearer {said}"} if said else {}
        return httpx2.AsyncClient(
            base_url=self.url, trust_env=False, timeout=PATIENCE, headers=headers, **options
        )


@contextlib.asynccontextmanager
async def running_gateway(
    upstreams: Mapping[str, list[str]], **settings: Any
) -> AsyncIterator[Gateway]:
    """Run Envoy until the block ends; it begins when every service named in `upstreams` is reached.

    `settings` are those of gateway/settings.py.
    """
    folder = Path(tempfile.mkdtemp(prefix="potok-gateway-"))
    defaults: dict[str, Any] = {
        "listen": f"127.0.0.1:{free_port()}",
        **{service: upstreams.get(service, []) for service in SERVICES},
        "health_interval": timedelta(seconds=0.2),
        "concurrency": 1,
        "rate": 10_000,
        "burst": 10_000,
        "address_rate": 100_000,
        "address_burst": 100_000,
    }
    told = GatewaySettings(folder=folder, jwks=keys() / "users.json", **defaults | settings)
    environment = {
        f"POTOK_GATEWAY_{name.upper()}": json.dumps(value)
        if isinstance(value, list)
        else str(value)
        for name, value in told.model_dump(mode="json").items()
    }
    with (folder / "log").open("w") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gateway"),
            cwd=CHECKOUT,
            env={**os.environ, **environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    gateway = Gateway(address=told.listen, folder=folder)
    try:
        await _until_ready(gateway, process)
        yield gateway
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
        shutil.rmtree(folder)


async def _until_ready(gateway: Gateway, process: asyncio.subprocess.Process) -> None:
    async with gateway.http("") as http:

        async def ready() -> bool:
            assert process.returncode is None, gateway.log
            with contextlib.suppress(httpx2.TransportError):
                return (await http.get("/readyz")).status_code == 200
            return False

        await until(ready, "the gateway is ready")
