"""What the gateway is told by its environment; everything has a default that suits one machine."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

Address = Annotated[str, StringConstraints(pattern=r"^[^:\s]+:[1-9]\d{0,4}$")]
"""`host:port`."""

Limit = Annotated[int, Field(ge=1, le=2**31 - 1)]


class GatewaySettings(BaseSettings):
    """POTOK_GATEWAY_<NAME>; lists are JSON."""

    model_config = SettingsConfigDict(env_prefix="POTOK_GATEWAY_", frozen=True, extra="forbid")

    listen: Address = "127.0.0.1:8000"
    """Where the world comes in."""
    folder: Path = Path(".potok/gateway")
    """Where the files lie that Envoy reads; written anew at each start."""
    concurrency: Limit = 2
    """Threads of Envoy."""

    console: Path = Path("gateway/console/dist")
    """The folder of the built console, served at `/console/`."""

    jwks: Path = Path(".potok/keys/users.json")
    """The public keys of the issuer of users' tokens, a JWKS; read at the start."""
    issuer: str = "potok"
    """The `iss` of tokens."""
    audience: str = "potok"
    """The `aud` of tokens."""
    clock_skew: timedelta = timedelta(seconds=5)
    """How far the issuer's clock may be off."""
    origins: tuple[str, ...] = ()
    """Origins whose pages may call with a token of their own, such as `https://app.example`."""

    coordinator: tuple[Address, ...] = ("127.0.0.1:8050",)
    """Servers of each service, all its replicas; a name may stand for several. A service without servers is left out."""
    call_sync: tuple[Address, ...] = ("127.0.0.1:8051",)
    transcription: tuple[Address, ...] = ("127.0.0.1:8052",)
    analysis: tuple[Address, ...] = ("127.0.0.1:8053",)
    recommendations: tuple[Address, ...] = ("127.0.0.1:8054",)
    bot_status: tuple[Address, ...] = ("127.0.0.1:8055",)
    health_interval: timedelta = timedelta(seconds=2)
    """How often each server is asked whether it serves."""

    max_body: Limit = 4 << 20
    """Bytes of a request; the services take as much."""
    max_connections: Limit = 2000
    """Connections from outside at once."""
    max_requests: Limit = 2000
    """Calls and streams under way at once in each service."""
    trusted_hops: Annotated[int, Field(ge=0, le=10)] = 0
    """Proxies of ours before this door, such as one that ends TLS: what they say of who comes, and how, is believed."""
    rate: Limit = 50
    """Calls a second of one user at one address; those that are open to anyone share one for each address."""
    burst: Limit = 200
    """Calls that may come at once before `rate` holds."""
    address_rate: Limit = 1000
    """Calls a second of all at one address, counted before anybody looks at their tokens."""
    address_burst: Limit = 4000
    """Calls that may come at once before `address_rate` holds."""
    request_time: timedelta = timedelta(seconds=30)
    """How long a request may take to come in."""
    stream_idle: timedelta = timedelta(minutes=6)
    """How long a call or a stream may be silent: above a heartbeat and what a call may take."""
    sync_idle: timedelta = timedelta(minutes=65)
    """The same for the sync that waits for its run: above the coordinator's `sync_wait`."""


def load_settings() -> GatewaySettings:
    """Read the environment; ends the process with every fault named."""
    try:
        return GatewaySettings()
    except ValidationError as error:
        faults = [
            f"  POTOK_GATEWAY_{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg']}"
            for fault in error.errors()
        ]
        raise SystemExit("settings are not usable:\n" + "\n".join(faults)) from None
