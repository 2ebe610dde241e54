"""Runs the sandbox until it is told to end."""

import argparse
import os
import sys
from datetime import date
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from deploy.sandbox.application import SandboxServer, listening
from deploy.sandbox.behaviour import Behaviour
from deploy.sandbox.bot_service import BotService
from deploy.sandbox.clinic import clinic
from deploy.sandbox.crowd import crowd
from deploy.sandbox.state import Sandbox
from deploy.sandbox.tokens import Tokens


def main() -> None:
    """Serve the world that the command line names."""
    arguments = argparse.ArgumentParser(prog="python -m deploy.sandbox")
    arguments.add_argument("--listen", default="127.0.0.1:8070", help="AmoCRM: %(default)s")
    arguments.add_argument("--telephony", default="127.0.0.1:8071", help="recordings: %(default)s")
    arguments.add_argument("--bots", default="127.0.0.1:8001",
                           help="the service that runs bots: %(default)s")  # fmt: skip
    arguments.add_argument("--gateway", default="",
                           help="where Potok is called back about bots, as http://localhost:8000; none: it is not")  # fmt: skip
    arguments.add_argument("--behaviour", default="{}", help="switches, as a JSON object")
    arguments.add_argument("--tokens", type=Path, help="the file that keeps what was handed out")
    arguments.add_argument("--calls", type=int, help="so many made-up calls, instead of the demo's")
    arguments.add_argument("--day", type=date.fromisoformat, default=date(2026, 11, 2),
                           help="of the first made-up call: %(default)s")  # fmt: skip
    arguments.add_argument("--days", type=int, default=30, help="of made-up calls: %(default)s")
    chosen = arguments.parse_args()
    world = clinic()
    if chosen.calls is not None:
        world = crowd(calls=chosen.calls, first_day=chosen.day, days=chosen.days)
    try:
        behaviour = TypeAdapter(Behaviour).validate_json(chosen.behaviour)
        listeners = [listening(each) for each in (chosen.listen, chosen.telephony, chosen.bots)]
    except (ValidationError, OSError) as error:
        sys.exit(f"the sandbox cannot run: {error}")
    sandbox = Sandbox(
        world=world,
        telephony=chosen.telephony,
        bot_service=BotService(
            address=chosen.bots,
            gateway=chosen.gateway.rstrip("/"),
            # Not on the command line, which everybody on the machine can read.
            token=os.environ.get("POTOK_SANDBOX_SERVICE_TOKEN", ""),
            webhook_secret=os.environ.get("POTOK_SANDBOX_WEBHOOK_SECRET", ""),
        ),
        behaviour=behaviour,
        tokens=Tokens(file=chosen.tokens),
    )
    SandboxServer(sandbox, listeners).run()


if __name__ == "__main__":
    main()
