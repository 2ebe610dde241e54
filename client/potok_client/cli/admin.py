"""`potok admin`: what is done to the system as a whole."""

import typer
from potok.coordinator.v1 import coordinator_service_pb2 as pb

from potok_client.cli.connection import DEADLINE, coordinator
from potok_client.cli.options import Json
from potok_client.cli.terminal import as_dict, perform, print_json, say

app = typer.Typer(no_args_is_help=True, help="What is done to the system as a whole.")


@app.callback()
def admin() -> None:
    """Keep `new-epoch` a command of its own while it is the only one."""


@app.command("new-epoch")
def new_epoch(as_json: Json = False) -> None:
    """Make every watch begin anew: once after the database was restored from a backup.

    Example: potok admin new-epoch
    """
    perform(advance_epoch(as_json=as_json))


async def advance_epoch(*, as_json: bool) -> None:
    """Advance the epoch and say so."""
    async with coordinator() as service:
        answer = await service.stub.AdvanceEpoch(pb.AdvanceEpochRequest(), timeout=DEADLINE)
    if as_json:
        print_json(as_dict(answer))
    else:
        say(f"epoch {answer.generation} of the log: watches take a snapshot and go on")
