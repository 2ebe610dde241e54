"""`python -m services.bot_status`: one replica of bot_status, until SIGTERM."""

import uvloop

from services.bot_status.app import running
from services.bot_status.settings import BotStatusSettings
from services.kernel.log import configure_logging
from services.kernel.rpc.server import until_stopped
from services.kernel.settings import load_settings


async def main() -> None:
    """Serve and look after bots until asked to stop."""
    configure_logging("bot_status")
    async with running(load_settings(BotStatusSettings)):
        await until_stopped()


if __name__ == "__main__":
    uvloop.run(main())
