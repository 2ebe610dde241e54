"""Follows runs live: drawn on a terminal, in lines elsewhere, as JSON for scripts."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial

import grpc
from potok.analysis.v1 import analysis_service_pb2 as analysis_pb
from potok.analysis.v1 import analysis_service_pb2_grpc as analysis_grpc
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import watch_pb2
from potok.status.v1 import stage_pb2
from potok.status.v1.event_pb2 import RunStatus, StageStatus
from rich.console import Console, RenderableType
from rich.live import Live

from potok_client.cli import words
from potok_client.cli.connection import DEADLINE, Coordinator, gateway
from potok_client.cli.exits import RUN_EXITS, CommandFailed, ExitCode
from potok_client.cli.layout import Hint, hint
from potok_client.cli.lines import Lines
from potok_client.cli.options import StageName
from potok_client.cli.screen import picture
from potok_client.cli.terminal import as_dict, console, print_json, say
from potok_client.state import View
from potok_client.watch import Update, watch

REDRAW_SECONDS = 0.1
MOST_RUNS = 5
"""The number of runs that are drawn when all are followed."""

Show = Callable[[Update], None]
Draw = Callable[[], RenderableType]
"""Returns what is to be seen now."""
Tell = Callable[[Update], Iterable[str]]
"""Returns the lines that tell an update, where nothing can be drawn."""


async def follow_run(
    coordinator: Coordinator, run_id: str, *, latest: bool = False, as_json: bool
) -> ExitCode:
    """Show a run until it has ended; returns the exit code of its end."""
    view = View()
    try:
        async with (
            shown(partial(_picture, view), Lines().take, as_json=as_json) as show,
            aclosing(
                watch(
                    coordinator.replicas,
                    pb.WatchStatusRequest(run_ids=[run_id], delivery=_delivery(latest)),
                )
            ) as updates,
        ):
            async for update in updates:
                view.apply(update)
                show(update)
                if run_id in view.runs and view.runs[run_id].HasField("end_time"):
                    break
    except asyncio.CancelledError:
        _say_how_to_go_on(run_id)
        raise
    run = view.runs[run_id]
    if not as_json:
        await _say_what_it_cost(run)
        _say_what_is_next(run, view.stages(run_id))
    return RUN_EXITS[run.state]


async def follow_all(
    coordinator: Coordinator, client_id: str, *, latest: bool = False, as_json: bool
) -> None:
    """Show the runs of a client, or of all where it is empty, until told to stop."""
    view = View()
    request = pb.WatchStatusRequest(
        client_ids=[client_id] if client_id else [], delivery=_delivery(latest)
    )
    async with (
        shown(partial(_picture, view), Lines(many=True).take, as_json=as_json) as show,
        aclosing(watch(coordinator.replicas, request)) as updates,
    ):
        async for update in updates:
            view.apply(update)
            show(update)


def _delivery(latest: bool) -> "watch_pb2.Delivery.ValueType":
    return watch_pb2.DELIVERY_LATEST if latest else watch_pb2.DELIVERY_EVERY


@asynccontextmanager
async def shown(draw: Draw, tell: Tell, *, as_json: bool) -> AsyncIterator[Show]:
    """Yield what shows an update: drawn on a terminal, in lines elsewhere, or as JSON."""
    out = console()
    if as_json:
        yield _show_json
    elif out.is_terminal and not out.is_dumb_terminal:
        async with _drawn(draw, out):
            yield lambda _: None  # drawn again and again anyway
    else:
        yield partial(_show_lines, tell)


@asynccontextmanager
async def _drawn(draw: Draw, out: Console) -> AsyncIterator[None]:
    with Live(
        console=out,
        auto_refresh=False,  # a thread of its own would read the view while it changes
        get_renderable=draw,
    ) as live:
        redrawing = asyncio.create_task(_redraw(live))
        try:
            yield
        finally:
            redrawing.cancel()
            with suppress(asyncio.CancelledError):
                await redrawing


async def _redraw(live: Live) -> None:
    while True:
        live.refresh()
        await asyncio.sleep(REDRAW_SECONDS)


def _picture(view: View) -> RenderableType:
    return picture(view, _foremost(view), datetime.now(UTC))


def _foremost(view: View) -> Sequence[RunStatus]:
    """Return the runs to draw: those under way first, then the newest."""

    def rank(run: RunStatus) -> tuple[bool, int]:
        return run.HasField("end_time"), -run.create_time.ToNanoseconds()

    return sorted(view.runs.values(), key=rank)[:MOST_RUNS]


def _show_lines(tell: Tell, update: Update) -> None:
    for line in tell(update):
        say(line)


def _show_json(update: Update) -> None:
    if update.reset:
        print_json({"reset": True, "revision": update.revision}, line=True)
    if update.folded:
        print_json({"folded": update.folded, "revision": update.revision}, line=True)
    for change in update.changes:
        print_json(as_dict(change), line=True)


def _say_how_to_go_on(run_id: str) -> None:
    run = words.short(run_id)
    say(f"detached: run {run} goes on", style="yellow", stderr=True)
    follows, stops = f"potok watch {run}", f"potok cancel {run}"
    say(Hint(follows, "follows it again"), Hint(stops, "stops it"), stderr=True)


async def _say_what_it_cost(run: RunStatus) -> None:
    """Say what a run asked of a language model, if it asked anything and that can be learnt."""
    request = analysis_pb.GetRunUsageRequest(owner=run.owner, run_id=run.run_id)
    try:
        async with gateway() as channel:
            stub = analysis_grpc.AnalysisServiceStub(channel)
            usage = (await stub.GetRunUsage(request, timeout=DEADLINE)).usage
    except (CommandFailed, grpc.aio.AioRpcError):
        return
    if usage.requests:
        say(words.usage(usage), style="dim", stderr=True)


def _what_came_out(run: RunStatus, over: str) -> list[str]:
    """Return where the results of a run are to be seen, and what goes on from a run that was not to go to the end."""
    if run.last_stage in (stage_pb2.STAGE_RECOMMENDATIONS, stage_pb2.STAGE_REPORTING):
        return [f"potok report {over}   shows what came out"]
    last = words.stage_name(run.last_stage)
    lines = [f"potok items {over} --stage {last}   lists the calls"]
    order = [stage.value for stage in StageName]
    if last in order:
        after = order[order.index(last) + 1]
        lines.append(f"potok run {over} --stage {after}   goes on with them")
    return lines


def _say_what_is_next(run: RunStatus, stages: Sequence[StageStatus]) -> None:
    if run.bot_id:
        line = f"potok bot status {words.plain(run.bot_id)}   shows what came out"
        say(hint(line, "dim"), stderr=True)
        return
    name = words.short(run.run_id)
    failed = [
        words.stage_name(stage.stage)
        for stage in stages
        if stage.progress.items.failed or stage.progress.unchanged_failed
    ]
    over = f"{run.client_id} {run.range.start_date} {run.range.end_date}"
    came_out = _what_came_out(run, over)
    advice = {
        stage_pb2.RUN_STATE_COMPLETED: came_out,
        stage_pb2.RUN_STATE_PARTIAL: [
            *(f"potok items {over} --stage {stage} --state failed   says why" for stage in failed),
            f"potok retry {name}   tries them again, once what caused it is mended",
            *came_out,
        ],
        stage_pb2.RUN_STATE_FAILED: [f"potok retry {name}   tries again once it is mended"],
        stage_pb2.RUN_STATE_CANCELLED: [f"potok retry {name}   takes it up again"],
    }
    say(*(hint(line, "dim") for line in advice[run.state]), stderr=True)
