"""`potok admin`: what is done to the system as a whole."""

from datetime import UTC
from typing import Annotated

import typer
from potok.coordinator.v1 import coordinator_service_pb2 as pb

from potok_client.cli import words
from potok_client.cli.connection import DEADLINE, coordinator
from potok_client.cli.options import Json
from potok_client.cli.runs import full_id
from potok_client.cli.terminal import as_dict, cell, perform, print_json, say, show, table

app = typer.Typer(no_args_is_help=True, help="What is done to the system as a whole.")


@app.command("new-epoch")
def new_epoch(as_json: Json = False) -> None:
    """Make every watch begin anew: once after the database was restored from a backup.

    Example: potok admin new-epoch
    """
    perform(advance_epoch(as_json=as_json))


@app.command("rejected")
def show_rejected(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN]", help="The run's id, or its beginning; without it, of unknown runs."
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
    as_json: Json = False,
) -> None:
    """Show what services reported of a run that was not applied, with the verdict and why, newest first.

    Without RUN: reports of executions that nobody knows. Example: potok admin rejected 52cf386d
    """
    perform(_rejected(run, limit, as_json=as_json))


async def _rejected(run: str | None, limit: int, *, as_json: bool) -> None:
    async with coordinator() as service:
        run_id = await full_id(service, run) if run else ""
        answer = await service.stub.ListRejectedReports(
            pb.ListRejectedReportsRequest(run_id=run_id, page_size=limit), timeout=DEADLINE
        )
    if as_json:
        print_json([as_dict(report) for report in answer.reports])
        return
    rows = table("when", "execution", "report", "said", "verdict", "why", prose=["why"])
    for report in answer.reports:
        rows.add_row(
            f"{report.time.ToDatetime(UTC).astimezone():%Y-%m-%d %H:%M:%S}",
            str(report.execution),
            str(report.sequence),
            words.execution_state(report.state),
            words.verdict(report.verdict),
            cell(report.message),
        )
    show(rows if answer.reports else "every report was applied")


async def advance_epoch(*, as_json: bool) -> None:
    """Advance the epoch and say so."""
    async with coordinator() as service:
        answer = await service.stub.AdvanceEpoch(pb.AdvanceEpochRequest(), timeout=DEADLINE)
    if as_json:
        print_json(as_dict(answer))
    else:
        say(f"epoch {answer.generation} of the log: watches take a snapshot and go on")
