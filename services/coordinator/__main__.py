"""`python -m services.coordinator`: one replica of the coordinator, until SIGTERM."""

import gc

import uvloop

from services.coordinator.app import running
from services.coordinator.settings import CoordinatorSettings
from services.kernel.log import configure_logging
from services.kernel.rpc.server import until_stopped
from services.kernel.settings import load_settings

YOUNG_OBJECTS = 20_000
"""A group of reports makes thousands of objects that all die with it: looking for cycles among them twenty times as
often, as is the default, takes a third of the time."""


async def main() -> None:
    """Serve until asked to stop."""
    configure_logging("coordinator")
    async with running(load_settings(CoordinatorSettings)):
        gc.freeze()
        gc.set_threshold(YOUNG_OBJECTS)
        await until_stopped()


if __name__ == "__main__":
    uvloop.run(main())
