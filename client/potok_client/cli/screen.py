"""A run as a picture: every stage one bar with what is done, how fast, what failed and what it waits for. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from potok.status.v1 import stage_pb2
from potok.status.v1.event_pb2 import RunStatus, StageStatus
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from potok_client.cli import words
from potok_client.cli.layout import Prose, lines_of
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
_BELOW = "  "
"""Before what stands below the line of a stage."""


def picture(view: View, runs: Sequence[RunStatus], now: datetime) -> RenderableType:
    """Return the runs as they are to be seen at `now`; the first is always shown in full."""
    parts: list[RenderableType] = []
    for index, run in enumerate(runs):
        parts.append(_head(run, now))
        if index and run.HasField("end_time"):
            continue  # beside others, its end is enough
        stages = view.stages(run.run_id)
        parts.append(Padding(stages_of(run, stages, now), (0, 0, 0, 1)))
        parts.extend(failures(stages))
        if run.message and run.HasField("end_time"):
            parts.append(Prose(cell(words.why(run), "red"), Text("   ")))
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


@dataclass(frozen=True, slots=True)
class _Line:
    """One stage as it is drawn: beside its bar what fits there, the rest below."""

    mark: Text
    name: Text
    bar: ProgressBar | None
    count: Text
    pace: Text
    wait: str


@dataclass(frozen=True, slots=True)
class _Stages:
    """The stages of a run, a line each where they fit."""

    lines: Sequence[_Line]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield a grid for each stage; all have the same columns."""
        width = options.max_width
        names = max((line.name.cell_len for line in self.lines), default=0)
        counts = max((line.count.cell_len for line in self.lines), default=0)
        bar = _BAR_WIDTH if width >= _NARROW else _NARROW_BAR_WIDTH
        bar = max(0, min(bar, width - names - counts - 4))
        room = width - names - counts - bar - 5
        for line in self.lines:
            beside = line.pace.cell_len <= room
            grid = Table.grid(padding=(0, 1))
            for columns in (1, names, bar, counts):
                grid.add_column(width=columns, no_wrap=True)
            grid.columns[3].justify = "right"
            grid.add_column(no_wrap=True)
            if line.bar:
                line.bar.width = bar
            grid.add_row(
                line.mark, line.name, line.bar or "", line.count, line.pace if beside else ""
            )
            yield grid
            if not beside:
                yield from lines_of(line.pace, width, _BELOW)
            if line.wait:
                yield from lines_of(Text(f"waits: {line.wait}", "yellow"), width, _BELOW)


def stages_of(run: RunStatus, stages: Sequence[StageStatus], now: datetime) -> RenderableType:
    """Return the stages of a run, a line each."""
    begun = {stage.stage: stage for stage in stages}
    lines = []
    for number in planned_stages(run) or begun:
        name = words.stage_name(number)
        stage = begun.get(number)
        if stage is None:
            lines.append(_Line(Text("○", "dim"), Text(name, "dim"), None, Text(), Text(), ""))
            continue
        mark, style = _ENDED.get(stage.state, ("●", "cyan"))
        lines.append(
            _Line(
                Text(mark, style),
                Text(name),
                _bar(stage, style, now),
                _count(stage),
                _pace(stage, now),
                words.plain(words.wait(stage)),
            )
        )
    return _Stages(lines)


def planned_stages(run: RunStatus) -> "Sequence[stage_pb2.Stage.ValueType]":
    """Return the stages of a run in their order, begun or not; none where a newer server has stages unknown here."""
    if run.bot_id:
        return MEETING_STAGES
    order = [stage.number for stage in StageName]
    if run.first_stage not in order or run.last_stage not in order:
        return []
    return order[order.index(run.first_stage) : order.index(run.last_stage) + 1]


def _bar(stage: StageStatus, style: str, now: datetime) -> ProgressBar:
    items, ended = stage.progress.items, stage.HasField("end_time")
    done, undone = words.done_items(stage.progress), words.undone_items(stage.progress)
    whole = ended and not undone
    return ProgressBar(
        total=1 if whole else max(1, words.all_items(items)),
        completed=1 if whole else done,
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
    return Text(f"{words.done_items(stage.progress)}/{words.all_items(items)}{open_end}")


def _pace(stage: StageStatus, now: datetime) -> Text:
    text, items = Text(), stage.progress.items
    if stage.HasField("end_time"):
        text.append(words.lasted(stage, now), "dim")
    else:
        at_work = f"{items.processing} at work" if items.processing else ""
        text.append(words.pace(stage, now) or at_work or words.execution_state(stage.state), "cyan")
    for count, name, style in (
        (items.failed - words.undone_items(stage.progress), "failed", "red"),
        (words.undone_items(stage.progress), "left undone", "yellow"),
        (items.skipped, f"skipped{_why_skipped(stage)}", "yellow"),
        (stage.progress.unchanged, "unchanged", "dim"),
        (stage.progress.unchanged_failed, "of them failed before", "red"),
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


def failures(stages: Sequence[StageStatus]) -> Iterator[RenderableType]:
    """Yield the last failures of every stage that has any."""
    for stage in stages:
        for failure in stage.progress.failures:
            name = words.stage_name(stage.stage)
            why = Text.assemble(f"{name}: ", (words.failure(failure), "red"))
            yield Prose(why, Text("   ✗ ", "red"))
        if stage.message and stage.state == stage_pb2.EXECUTION_STATE_FAILED:
            why = cell(f"{words.stage_name(stage.stage)}: {stage.message}", "red")
            yield Prose(why, Text("   ✗ ", "red"))
