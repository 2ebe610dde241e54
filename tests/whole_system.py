"""A whole system as a user runs it, on free ports and in a folder that goes with it."""

import contextlib
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from potok_client.identity import mint

from deploy.local.folders import own_folder
from deploy.local.postgres import free_port
from deploy.local.services import SERVICES
from deploy.local.settings import GATEWAY, OUTSIDE
from deploy.local.system import System, running


def free_places() -> dict[str, str]:
    """Return where each part may listen."""
    return {part: f"127.0.0.1:{free_port()}" for part in (*SERVICES, GATEWAY, *OUTSIDE)}


@contextlib.asynccontextmanager
async def whole_system(
    home: Path, listens: Mapping[str, str], also: Mapping[str, str]
) -> AsyncIterator[System]:
    """Run a system in the new folder `home` until the block ends; `also` are settings beside the usual ones."""
    logs = own_folder(home) / "logs"
    logs.mkdir(exist_ok=True)
    try:
        async with running(home, listens, logs, free_port(), also) as system:
            yield system
    finally:
        shutil.rmtree(home)


def token_of(
    system: System,
    user: str,
    role: str,
    clients: Sequence[str] = (),
    lifetime: timedelta = timedelta(hours=1),
) -> str:
    """Return a token of a user of the system."""
    key = Path(system.settings["POTOK_ISSUER_KEY"]).read_text()
    return mint(key, user, roles=[role], clients=clients, lifetime=lifetime)
