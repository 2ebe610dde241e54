"""A run as a picture: every stage one bar with what is done, how fast, what failed and what it waits for. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from potok.status.v1 import stage_pb2
from potok.status.v1.event_pb2 import RunStatus, StageStatus
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from potok_client.cli import words
from potok_client.cli.options import MEETING_STAGES, StageName
from potok_client.cli.terminal import cell
from potok_client.state import View

_ENDED = {
    stage_pb2.EXECUTION_STATE_SUCCEEDED: ("✓", "green"),
    stage_pb2.EXECUTION_STATE_PARTIAL: ("!", "yellow"),
    stage_pb2.EXECUTION_STATE_FAILED: ("✗", "red"),
    stage_pb2.EXECUTION_STATE_CANCELLED: ("✗", "magenta"),
}
RUN_STYLES = {
    stage_pb2.RUN_STATE_ACTIVE: "cyan",
    stage_pb2.RUN_STATE_CANCELLING: "magenta",
    stage_pb2.RUN_STATE_COMPLETED: "green",
    stage_pb2.RUN_STATE_PARTIAL: "yellow",
    stage_pb2.RUN_STATE_FAILED: "red",
    stage_pb2.RUN_STATE_CANCELLED: "magenta",
}
_BAR_WIDTH = 32
_NARROW = 90
_NARROW_BAR_WIDTH = 12


def picture(view: View, runs: Sequence[RunStatus], now: datetime, out: Console) -> RenderableType:
    """Return the runs as `out` shows them at `now`; the first is always shown in full."""
    parts: list[RenderableType] = []
    for index, run in enumerate(runs):
        parts.append(_head(run, now))
        if index and run.HasField("end_time"):
            continue  # beside others, its end is enough
        stages = view.stages(run.run_id)
        bar = _BAR_WIDTH if out.width >= _NARROW else _NARROW_BAR_WIDTH
        parts.append(Padding(stages_of(run, stages, now, bar), (0, 0, 0, 1)))
        parts.extend(failures(stages))
        if run.message and run.HasField("end_time"):
            parts.append(cell(f"   {words.reason(run.reason)}: {run.message}", "red"))
        parts.append(Text())
    waiting = [
        bot for bot in view.bots.values() if not bot.run_id and bot.state not in words.FINAL_BOTS
    ]
    parts.extend(cell(f"bot {bot.bot_id}  {words.bot(bot)}", "cyan") for bot in waiting)
    if not (runs or waiting):
        parts.append(Text("no run is under way", style="dim"))
    if view.lost:
        parts.append(Text(words.lost(view.lost), "yellow"))
    return Group(*parts)


def _head(run: RunStatus, now: datetime) -> Text:
    style = RUN_STYLES.get(run.state, "")
    kind = "retry" if run.retry_of else f"mode {words.run_mode(run.mode)}"
    return Text.assemble(
        ("run ", "dim"),
        (words.short(run.run_id), "bold"),
        ("  ", ""),
        (words.whose(run), "bold"),
        (f"  {words.days(run)}  {kind}  ", "dim"),
        (words.run_state(run.state), f"bold {style}"),
        (f"  {words.lasted(run, now)}", "dim"),
    )


def stages_of(
    run: RunStatus, stages: Sequence[StageStatus], now: datetime, bar: int = _NARROW_BAR_WIDTH
) -> Table:
    """Return the stages of a run, a line each."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=1)
    grid.add_column(no_wrap=True)
    grid.add_column(width=bar)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(overflow="fold")
    begun = {stage.stage: stage for stage in stages}
    for number in planned_stages(run) or begun:
        name = words.stage_name(number)
        stage = begun.get(number)
        if stage is None:
            grid.add_row(Text("○", "dim"), Text(name, "dim"))
            continue
        mark, style = _ENDED.get(stage.state, ("●", "cyan"))
        grid.add_row(
            Text(mark, style),
            Text(name),
            _bar(stage, style, bar, now),
            _count(stage),
            _pace(stage, now),
        )
        why = words.wait(stage)
        if why:
            grid.add_row("", "", Text("waits:", "yellow", justify="right"), "", cell(why, "yellow"))
    return grid


def planned_stages(run: RunStatus) -> "Sequence[stage_pb2.Stage.ValueType]":
    """Return the stages of a run in their order, begun or not; none where a newer server has stages unknown here."""
    if run.bot_id:
        return MEETING_STAGES
    order = [stage.number for stage in StageName]
    if run.first_stage not in order or run.last_stage not in order:
        return []
    return order[order.index(run.first_stage) : order.index(run.last_stage) + 1]


def _bar(stage: StageStatus, style: str, width: int, now: datetime) -> ProgressBar:
    items, ended = stage.progress.items, stage.HasField("end_time")
    done = words.ended_items(items)
    return ProgressBar(
        total=1 if ended else max(1, words.all_items(items)),
        completed=1 if ended else done,
        width=width,
        pulse=not ended and not done,  # alive, though nothing can be measured yet
        complete_style=style,
        finished_style=style,
        animation_time=now.timestamp(),
    )


def _count(stage: StageStatus) -> Text:
    items = stage.progress.items
    if stage.HasField("end_time") and not words.all_items(items):
        return Text("nothing new", "dim")
    open_end = "" if stage.progress.discovered or stage.HasField("end_time") else "+"
    return Text(f"{words.ended_items(items)}/{words.all_items(items)}{open_end}")


def _pace(stage: StageStatus, now: datetime) -> Text:
    text, items = Text(), stage.progress.items
    if stage.HasField("end_time"):
        text.append(words.lasted(stage, now), "dim")
    else:
        at_work = f"{items.processing} at work" if items.processing else ""
        text.append(words.pace(stage) or at_work or words.execution_state(stage.state), "cyan")
    for count, name, style in (
        (items.failed, "failed", "red"),
        (items.skipped, f"skipped{_why_skipped(stage)}", "yellow"),
        (stage.progress.unchanged, "unchanged", "dim"),
    ):
        if count:
            text.append("  ").append(f"{count} {name}", style)
    return text


def _why_skipped(stage: StageStatus) -> str:
    skipping = range(stage_pb2.REASON_MISSED_CALL, stage_pb2.REASON_BAD_AUDIO)
    found = [
        f"{words.reason(counted.reason)} {counted.count}"
        for counted in stage.progress.reasons
        if counted.reason in skipping
    ]
    return f" ({', '.join(found)})" if found else ""


def failures(stages: Sequence[StageStatus]) -> Iterator[Text]:
    """Yield the last failures of every stage that has any."""
    for stage in stages:
        for failure in stage.progress.failures:
            name = words.stage_name(stage.stage)
            yield Text.assemble(("   ✗ ", "red"), f"{name}: ", (words.failure(failure), "red"))
        if stage.message and stage.state == stage_pb2.EXECUTION_STATE_FAILED:
            yield cell(f"   ✗ {words.stage_name(stage.stage)}: {stage.message}", "red")
