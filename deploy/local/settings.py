"""What the parts of the local system are told: where each listens, and all their settings."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from cryptography.fernet import Fernet
from potok_client.identity import mint

from deploy.local.folders import LocalError, write_private
from deploy.local.keys import ISSUER, make_keys
from deploy.local.services import SERVICES, STAGE_SERVICES, TABLE

GATEWAY = "gateway"
"""The public door."""
SANDBOX = "sandbox"
TELEPHONY = "sandbox_telephony"
"""Where recordings of the sandbox's calls are."""

BOTS = "sandbox_bots"
"""The sandbox's service that runs bots."""

OUTSIDE = (SANDBOX, TELEPHONY, BOTS)
"""What is no service of ours."""

_OUTSIDE_TOKEN = timedelta(days=30)
"""The sandbox gets a new one with each start of the system."""

_ADDRESS = re.compile(r"[^:\s]+:[1-9]\d{0,4}")


def listening(given: Mapping[str, str]) -> dict[str, str]:
    """Return `host:port` of every part: POTOK_<PART>_LISTEN in `given`, or its usual one.

    The sandbox is left out where POTOK_SANDBOX_LISTEN is empty. Raises LocalError naming a
    variable that is not `host:port`.
    """
    ports = {service.name: service.port for service in TABLE} | {GATEWAY: 8000}
    if given.get("POTOK_SANDBOX_LISTEN") != "":
        ports |= {SANDBOX: 8070, TELEPHONY: 8071, BOTS: 8001}
    chosen = {}
    for part, port in ports.items():
        name = f"POTOK_{part.upper()}_LISTEN"
        chosen[part] = given.get(name, f"127.0.0.1:{port}")
        if not _ADDRESS.fullmatch(chosen[part]):
            raise LocalError(f"{name} must be host:port, like 127.0.0.1:{port}")
    return chosen


def environment(
    addresses: Mapping[str, str], listens: Mapping[str, str], home: Path
) -> dict[str, str]:
    """Return the settings of all services and of the command line.

    `addresses` are the databases' by role, `listens` the parts' `host:port`; files of the
    services and all keys lie in `home`.
    """
    keys = make_keys(home / "keys")
    stages = {stage: listens[service.name] for service in TABLE for stage in service.stages}
    settings = {
        "POTOK_ADDRESS": listens[GATEWAY],  # for the command line
        "POTOK_GATEWAY_LISTEN": listens[GATEWAY],
        "POTOK_GATEWAY_FOLDER": str(home / GATEWAY),
        "POTOK_GATEWAY_JWKS": str(keys / "users.json"),
        "POTOK_ISSUER_KEY": str(keys / f"{ISSUER}.pem"),  # for the command line
        "POTOK_COORDINATOR_ISSUER_KEY": str(keys / f"{ISSUER}.pem"),
        "POTOK_COORDINATOR_STAGES": json.dumps(stages),
        "POTOK_COORDINATOR_BOT_STATUS": listens["bot_status"],
        "POTOK_CALL_SYNC_RECORDINGS": (home / "recordings").as_uri(),
        "POTOK_CALL_SYNC_SECRETS_KEY": _secrets_key(home / "secrets.key"),
        "POTOK_CALL_SYNC_TRANSCRIPTION": listens["transcription"],
        "POTOK_CALL_SYNC_ANALYSIS": listens["analysis"],
        "POTOK_CALL_SYNC_RECOMMENDATIONS": listens["recommendations"],
        "POTOK_BOT_STATUS_COORDINATOR": listens["coordinator"],
        "POTOK_BOT_STATUS_RECORDINGS": (home / "meetings").as_uri(),
        "POTOK_TRANSCRIPTION_UPSTREAM": listens["call_sync"],
        "POTOK_TRANSCRIPTION_BOT_STATUS": listens["bot_status"],
        "POTOK_TRANSCRIPTION_MODEL_CACHE_DIR": str(home / "models"),
        "POTOK_ANALYSIS_UPSTREAM": listens["transcription"],
        "POTOK_ANALYSIS_CALLS": listens["call_sync"],
        "POTOK_RECOMMENDATIONS_UPSTREAM": listens["analysis"],
        "POTOK_RECOMMENDATIONS_CALLS": listens["call_sync"],
        "POTOK_RECOMMENDATIONS_TRANSCRIPTS": listens["transcription"],
        "POTOK_RECOMMENDATIONS_ANALYSES": listens["analysis"],
        "POTOK_RECOMMENDATIONS_REPORTING_URL": addresses["reporting_owner"],
    }
    if SANDBOX in listens:
        settings["POTOK_SANDBOX_ADDRESS"] = listens[SANDBOX]  # for the demo
        settings["POTOK_CALL_SYNC_CRM_HOSTS"] = json.dumps([listens[SANDBOX]])
        settings["POTOK_CALL_SYNC_PRIVATE_HOSTS"] = json.dumps([listens[TELEPHONY]])
        settings["POTOK_BOT_STATUS_URL"] = f"http://{listens[BOTS]}"
        settings["POTOK_BOT_STATUS_PRIVATE_HOSTS"] = json.dumps([listens[BOTS]])
        settings["POTOK_SANDBOX_SERVICE_TOKEN"] = mint(
            (keys / f"{ISSUER}.pem").read_text(), "bots", roles=["service"], lifetime=_OUTSIDE_TOKEN
        )
    for service in SERVICES:
        settings[f"POTOK_{service.upper()}_DATABASE_URL"] = addresses[f"{service}_system"]
        settings[f"POTOK_{service.upper()}_APP_DATABASE_URL"] = addresses[f"{service}_app"]
        settings[f"POTOK_{service.upper()}_KEYS"] = str(keys)
        settings[f"POTOK_{service.upper()}_LISTEN"] = listens[service]
        settings[f"POTOK_GATEWAY_{service.upper()}"] = json.dumps([listens[service]])
    for service in STAGE_SERVICES:
        settings[f"POTOK_{service.upper()}_COORDINATOR"] = listens["coordinator"]
    return settings


def _secrets_key(file: Path) -> str:
    """Return what call_sync seals the secrets of accounts with, made when absent."""
    if not file.exists():
        write_private(file, Fernet.generate_key().decode())
    return file.read_text()
