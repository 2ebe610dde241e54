"""`potok admin`: what is done to the system as a whole."""

from datetime import UTC
from typing import Annotated

import typer
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import token_service_pb2 as token_pb
from potok.coordinator.v1 import token_service_pb2_grpc as token_grpc
from potok.status.v1 import access_pb2

from potok_client.cli import words
from potok_client.cli.connection import DEADLINE, coordinator, gateway
from potok_client.cli.options import Json, RoleName
from potok_client.cli.runs import full_id
from potok_client.cli.terminal import as_dict, cell, perform, print_json, say, show, table

app = typer.Typer(no_args_is_help=True, help="What is done to the system as a whole.")


@app.command("new-epoch")
def new_epoch(as_json: Json = False) -> None:
    """Make every watch begin anew: once after the database was restored from a backup.

    Example: potok admin new-epoch
    """
    perform(advance_epoch(as_json=as_json))


@app.command("issue-token")
def issue_token(
    user: Annotated[str, typer.Argument(metavar="USER", help="Who it is for.")],
    *,
    role: Annotated[RoleName, typer.Option(help="What its user may be.")] = RoleName.OPERATOR,
    client: Annotated[
        list[str] | None,
        typer.Option(help="A client that an operator may see; may be repeated."),
    ] = None,
    hours: Annotated[float, typer.Option(min=0.001, max=24 * 365, help="How long it counts.")] = 12,
    as_json: Json = False,
) -> None:
    """Have the system make a token for somebody, and keep that it did; the token is shown once.

    Example: potok admin issue-token olga --client clinic --hours 720
    """
    request = token_pb.IssueTokenRequest(
        user_id=user,
        role=access_pb2.Role.Value(f"ROLE_{role.name}"),
        client_ids=client or [],
        lifetime_seconds=int(hours * 3600),
    )
    perform(_issue_token(request, as_json=as_json))


async def _issue_token(request: token_pb.IssueTokenRequest, *, as_json: bool) -> None:
    async with gateway() as channel:
        stub = token_grpc.TokenServiceStub(channel)
        answer = await stub.IssueToken(request, timeout=DEADLINE)
    if as_json:
        print_json(as_dict(answer))
        return
    until = answer.session.expire_time.ToDatetime(UTC).astimezone()
    typer.echo(answer.token)
    say(f"it counts until {until:%Y-%m-%d %H:%M}", style="dim", stderr=True)


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
