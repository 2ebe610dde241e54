"""`python -m services.coordinator`: one replica of the coordinator, until SIGTERM."""

import uvloop

from services.coordinator.app import running
from services.coordinator.settings import CoordinatorSettings
from services.kernel.log import configure_logging
from services.kernel.rpc.server import until_stopped
from services.kernel.settings import load_settings


async def main() -> None:
    """Serve until asked to stop."""
    configure_logging("coordinator")
    async with running(load_settings(CoordinatorSettings)):
        await until_stopped()


if __name__ == "__main__":
    uvloop.run(main())
