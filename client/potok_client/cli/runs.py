"""`potok run`, `watch`, `runs`, `retry`, `cancel`: what passes over the calls, started, followed and stopped."""

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1.run_pb2 import Run
from potok.status.v1 import stage_pb2
from potok.status.v1.progress_pb2 import DateRange

from potok_client.cli import words
from potok_client.cli.clients import use_folder
from potok_client.cli.connection import DEADLINE, Coordinator, coordinator
from potok_client.cli.exits import CommandFailed, ExitCode
from potok_client.cli.follow import follow_all, follow_run
from potok_client.cli.layout import Advised
from potok_client.cli.options import (
    ALL_STAGES,
    RUN_PANEL,
    End,
    Json,
    ModeName,
    NoWatch,
    RunId,
    StageName,
    date_range,
    parse_day,
)
from potok_client.cli.preview import confirmed, show_preview
from potok_client.cli.screen import RUN_STYLES
from potok_client.cli.terminal import as_dict, cell, perform, print_json, say, show, table

app = typer.Typer()

_NEWEST = 200
"""The number of runs among which the beginning of an id is looked for."""
LOCAL = "local"
"""The client of a folder of recordings, where none is named."""
LAST_YEAR = timedelta(days=365)
"""The days before today; with today they are the longest range that is allowed."""


@app.command("run", rich_help_panel=RUN_PANEL)
def start_run(
    client: Annotated[
        str | None, typer.Argument(metavar="CLIENT", help="The client's id.", show_default=False)
    ] = None,
    start: Annotated[
        str | None,
        typer.Argument(metavar="START", parser=parse_day, help="The first day, as 2026-01-31."),
    ] = None,
    end: End = None,
    *,
    folder: Annotated[
        Path | None,
        typer.Option(
            help="Take recordings of your own from this folder, on the service's machine; "
            f"CLIENT is then {LOCAL!r} and the days are the last year, where they are not named."
        ),
    ] = None,
    stage: Annotated[
        list[StageName] | None,
        typer.Option(metavar="STAGE", help=f"Only this stage, of {ALL_STAGES}; may be repeated."),
    ] = None,
    mode: Annotated[
        ModeName,
        typer.Option(
            help="Which calls to take: what is new or stale, what failed in the first --stage, or all again."
        ),
    ] = ModeName.PENDING,
    preview: Annotated[
        bool, typer.Option("--preview", help="Only show what would be done.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Start without a preview.")] = False,
    no_watch: NoWatch = False,
    as_json: Json = False,
) -> None:
    """Process the calls of a client from START to END, and follow it live.

    Shows first what would be done, and on a terminal asks whether to. Ctrl-C detaches: the run goes on.

    Examples: potok run clinic 2026-11-01 2026-11-20; potok run --folder ~/calls

    Exit code: 0 completed, 3 some items failed, 4 failed, 5 cancelled.
    """
    if folder is None and not (client and start):
        raise typer.BadParameter("name a CLIENT and the first day, or a --folder of recordings")
    today = datetime.now().astimezone().date()
    days = (
        date_range(start, end)
        if start
        else DateRange(start_date=f"{today - LAST_YEAR}", end_date=f"{today}")
    )
    request = pb.StartRunRequest(
        client_id=client or LOCAL,
        range=days,
        stages=[name.number for name in sorted(set(stage or []), key=list(StageName).index)],
        mode=mode.number,
        request_id=str(uuid.uuid4()),
    )
    perform(
        _run(
            request,
            folder.expanduser().resolve() if folder else None,
            preview=preview,
            yes=yes or as_json,
            no_watch=no_watch,
            as_json=as_json,
        )
    )


@app.command("watch", rich_help_panel=RUN_PANEL)
def watch_runs(
    run: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="The run's id, or its beginning.")
    ] = None,
    client: Annotated[str, typer.Option(help="Only the runs of this client.")] = "",
    latest: Annotated[
        bool,
        typer.Option("--latest", help="Only the newest states; says how many older it left out."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Follow a run to its end, or without RUN everything that happens.

    A lost connection is resumed without a gap. Ends as `run` does; without RUN, with Ctrl-C.

    Examples: potok watch 52cf386d; potok watch --client clinic --json
    """
    if run and client:
        raise typer.BadParameter("name a RUN or a --client, not both")
    perform(follow(run, client, latest=latest, as_json=as_json))


@app.command("runs", rich_help_panel=RUN_PANEL)
def list_runs(
    client: Annotated[str, typer.Option(help="Only the runs of this client.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=_NEWEST, help="At most so many.")] = 20,
    as_json: Json = False,
) -> None:
    """List the runs, newest first.

    Example: potok runs --client clinic --limit 5
    """
    perform(_list(client, limit, as_json=as_json))


@app.command("retry", rich_help_panel=RUN_PANEL)
def retry_run(
    run: RunId,
    stage: Annotated[
        StageName | None,
        typer.Option(metavar="STAGE", help="Where to begin; default: where something failed."),
    ] = None,
    no_watch: NoWatch = False,
    as_json: Json = False,
) -> None:
    """Start a new run that takes up what failed in an ended one, and follow it.

    Example: potok retry 52cf386d --stage transcription

    Exit code: as of `run`.
    """
    perform(_retry(run, stage, no_watch=no_watch, as_json=as_json))


@app.command("cancel", rich_help_panel=RUN_PANEL)
def cancel_run(run: RunId, as_json: Json = False) -> None:
    """Stop a run; what it has done stays.

    Example: potok cancel 52cf386d
    """
    perform(_cancel(run, as_json=as_json))


async def _run(
    request: pb.StartRunRequest,
    folder: Path | None,
    *,
    preview: bool,
    yes: bool,
    no_watch: bool,
    as_json: bool,
) -> ExitCode:
    async with coordinator() as service:
        if folder:
            await use_folder(service, request.client_id, folder)
        if preview or not yes:
            await show_preview(service, request, as_json=as_json)
        if preview or not (yes or await confirmed("start the run?")):
            return ExitCode.DONE
        answer = await service.stub.StartRun(request, timeout=DEADLINE)
        return await _go_on(service, answer.run, no_watch=no_watch, as_json=as_json)


async def _go_on(service: Coordinator, run: Run, *, no_watch: bool, as_json: bool) -> ExitCode:
    run_id = run.status.run_id
    if not no_watch:
        return await follow_run(service, run_id, as_json=as_json)
    if as_json:
        print_json(as_dict(run))
    else:
        name = words.short(run_id)
        say(Advised(f"run {name} is started", f"potok watch {name}", "follows it"))
    return ExitCode.DONE


async def follow(
    run: str | None, client_id: str = "", *, latest: bool = False, as_json: bool = False
) -> ExitCode:
    """Follow a run to its end, or without one all runs of a client, or of all clients, until told to stop."""
    async with coordinator() as service:
        if run is None:
            await follow_all(service, client_id, latest=latest, as_json=as_json)
            return ExitCode.DONE
        run_id = await full_id(service, run)
        return await follow_run(service, run_id, latest=latest, as_json=as_json)


async def _list(client_id: str, limit: int, *, as_json: bool) -> None:
    async with coordinator() as service:
        answer = await service.stub.ListRuns(
            pb.ListRunsRequest(client_id=client_id, page_size=limit), timeout=DEADLINE
        )
        if client_id and not answer.runs:  # it may be no client's id
            await service.stub.GetClient(pb.GetClientRequest(client_id=client_id), timeout=DEADLINE)
    if as_json:
        print_json([as_dict(run) for run in answer.runs])
        return
    rows = table("run", "client", "days", "stages", "mode", "state", "by", "started", "took")
    now = datetime.now(UTC)
    for run in answer.runs:
        status = run.status
        first, last = words.stage_name(status.first_stage), words.stage_name(status.last_stage)
        rows.add_row(
            words.short(status.run_id),
            cell(words.whose(status)),
            words.days(status),
            first if first == last else f"{first} to {last}",
            "retry" if status.retry_of else words.run_mode(status.mode),
            cell(words.run_state(status.state), RUN_STYLES.get(status.state, "")),
            cell(words.by_whom(status)),
            f"{status.create_time.ToDatetime(UTC).astimezone():%Y-%m-%d %H:%M:%S}",
            words.lasted(status, now),
        )
    starts = f"potok run {client_id or 'CLIENT'} START END"
    show(rows if answer.runs else Advised("no runs yet", starts))


async def _retry(run: str, stage: StageName | None, *, no_watch: bool, as_json: bool) -> ExitCode:
    async with coordinator() as service:
        request = pb.RetryFailedRequest(
            run_id=await full_id(service, run),
            stage=stage.number if stage else stage_pb2.STAGE_UNSPECIFIED,
            request_id=str(uuid.uuid4()),
        )
        answer = await service.stub.RetryFailed(request, timeout=DEADLINE)
        return await _go_on(service, answer.run, no_watch=no_watch, as_json=as_json)


async def _cancel(run: str, *, as_json: bool) -> None:
    async with coordinator() as service:
        run_id = await full_id(service, run)
        answer = await service.stub.CancelRun(pb.CancelRunRequest(run_id=run_id), timeout=DEADLINE)
    if as_json:
        print_json(as_dict(answer.run))
        return
    name, status = words.short(run_id), answer.run.status
    if status.HasField("end_time"):
        say(f"run {name} has ended: {words.run_state(status.state)}")
    else:
        say(Advised(f"run {name} is asked to stop", f"potok watch {name}", "shows its end"))


async def full_id(service: Coordinator, given: str) -> str:
    """Return the id of the run that `given` names or begins."""
    try:
        return str(uuid.UUID(given))
    except ValueError:
        pass
    answer = await service.stub.ListRuns(pb.ListRunsRequest(page_size=_NEWEST), timeout=DEADLINE)
    ids = [run.status.run_id for run in answer.runs]
    found = [run_id for run_id in ids if given and run_id.startswith(given.lower())]
    if len(found) == 1:
        return found[0]
    many = f"{len(found)} runs begin with {given!r}: write more of the id"
    none = f"no run begins with {given!r} among the newest {_NEWEST}"
    raise CommandFailed(many if found else none, "potok runs   shows the runs")
