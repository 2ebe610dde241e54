"""What every service is told by its environment; all faults are named at once."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.kernel.faults import fault_sentence, impossible

S = TypeVar("S", bound="ServiceSettings")


class ServiceSettings(BaseSettings):
    """The settings that all services share; a service adds its own and its prefix."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid")

    database_url: SecretStr
    """Postgres, as the service's system role."""
    app_database_url: SecretStr
    """Postgres, as its app role: what is read for a caller, who sees only what row-level security lets them."""
    database_pooled: bool = False
    """Between this service and Postgres stands a pooler that hands sessions on after each transaction, such as
    pgbouncer. Nothing is kept in a session then, so the roles must have their settings."""
    database_direct_url: SecretStr | None = None
    """Where there is a pooler: Postgres itself, as the system role, to be told of changes at once. Without it they are
    looked for."""
    keys: Path
    """The folder of `users.json` and `services.json`, the public keys (JWKS) of the issuer of users' tokens and of our
    services, and of the service's own private key, `<service>.pem`."""
    issuer: str = "potok"
    """Who issues the tokens of users: their claim `iss`."""
    audience: str = "potok"
    """Whom tokens are for: their claim `aud`."""
    listen: str
    """`host:port` to serve gRPC on; loopback by default."""
    pool_size: int = Field(default=8, ge=1)
    """Connections to Postgres, of each role, at the most."""
    calls_per_caller: int = Field(default=200, ge=1)
    """Calls that a user, or an address where anyone may call, may have under way here at once."""
    reflection: bool = False
    """Serve gRPC reflection, for grpcurl and the like."""
    drain: timedelta = timedelta(seconds=8)
    """How long calls under way may take to end on SIGTERM."""

    @property
    def listen_url(self) -> str | None:
        """Where notifications come from; None where nothing passes them on."""
        if self.database_direct_url is not None:
            return self.database_direct_url.get_secret_value()
        return None if self.database_pooled else self.database_url.get_secret_value()

    @field_validator("*")
    @classmethod
    def _may_be_meant(cls, value: Any) -> Any:
        if why := impossible(value):
            raise ValueError(why)
        return value


def load_settings(settings: type[S]) -> S:
    """Read `settings` from the environment; ends the process with every fault named.

    They are taken out of it: what we start later, such as a process that decodes strangers' sound, has no secret.
    """
    try:
        found = settings()
    except ValidationError as error:
        prefix = settings.model_config.get("env_prefix", "")
        between = settings.model_config.get("env_nested_delimiter") or "_"
        faults = [
            f"  {prefix}{between.join(map(str, fault['loc'])).upper()}: {fault_sentence(fault['msg'])}"
            for fault in error.errors()
        ]
        raise SystemExit("settings are not usable:\n" + "\n".join(faults)) from None
    prefix = settings.model_config.get("env_prefix", "").upper()
    for name in [each for each in os.environ if prefix and each.upper().startswith(prefix)]:
        del os.environ[name]
    return found
