"""Runs and bots as lines, for logs and terminals that cannot be drawn on: each change of state, and counts now and then. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from potok.status.v1 import stage_pb2
from potok.status.v1.event_pb2 import BotStatus, Change, RunStatus, StageStatus

from potok_client.cli import words
from potok_client.watch import Update

BETWEEN_COUNTS = timedelta(seconds=5)
"""The least time between two lines of a stage whose state stays the same."""


class Lines:
    """Remembers what was said, to say only what is new. With `many` it tells of several runs, and not of their past."""

    def __init__(self, *, many: bool = False) -> None:
        self._many = many
        self._runs: dict[str, str] = {}
        self._stages: dict[int, tuple[str, datetime]] = {}
        self._bots: dict[str, str] = {}

    def take(self, update: Update) -> Iterator[str]:
        """Yield the lines that tell an update, each with the time of what it tells."""
        if update.lost:
            yield words.lost(update.lost)
        if update.folded:
            yield words.folded(update.folded)
        past = update.reset and self._many
        for change in update.changes:
            at = change.time.ToDatetime(UTC)
            for line in self._change(change, at, past=past):
                yield f"{words.clock(at)} {line}"

    def _change(self, change: Change, at: datetime, *, past: bool) -> Iterator[str]:
        """Yield the lines of a change. Of the `past`, tell only what still goes on and ends of what was told before."""
        for event in change.events:
            match event.WhichOneof("subject"):
                case "run":
                    over = past and event.run.HasField("end_time")
                    if not over or event.run.run_id in self._runs:
                        yield from self._run(event.run, at)
                case "stage":
                    over = past and event.stage.HasField("end_time")
                    if not over or event.stage.execution in self._stages:
                        yield from self._stage(event.stage, at)
                case "bot":
                    over = past and event.bot.state in words.FINAL_BOTS
                    if not over or event.bot.bot_id in self._bots:
                        yield from self._bot(event.bot)

    def _run(self, run: RunStatus, at: datetime) -> Iterator[str]:
        state = words.run_state(run.state)
        if self._runs.get(run.run_id) == state:
            return
        self._runs[run.run_id] = state
        line = f"run {words.short(run.run_id)} of {words.whose(run)}, {words.days(run)}: {state}"
        if run.cancelled_by:
            line += f" by {words.plain(run.cancelled_by)}"
        if run.HasField("end_time"):
            line += f" after {words.lasted(run, at)}"
        if run.message:
            line += f", {words.why(run)}"
        yield line

    def _bot(self, bot: BotStatus) -> Iterator[str]:
        now = words.bot(bot)
        if self._bots.get(bot.bot_id) != now:
            self._bots[bot.bot_id] = now
            yield f"bot {words.plain(bot.bot_id)}: {now}"

    def _stage(self, stage: StageStatus, at: datetime) -> Iterator[str]:
        wait = words.wait(stage)
        if stage.state == stage_pb2.EXECUTION_STATE_QUEUED and not wait:
            return
        state = f"{words.execution_state(stage.state)} {wait}"
        before = self._stages.get(stage.execution)
        if before and before[0] == state and at < before[1] + BETWEEN_COUNTS:
            return
        self._stages[stage.execution] = (state, at)
        items = stage.progress.items
        parts = [words.execution_state(stage.state)]
        if words.all_items(items):
            parts.append(f"{words.done_items(stage.progress)}/{words.all_items(items)} done")
        if stage.HasField("end_time"):
            parts[0] += f" after {words.lasted(stage, at)}"
        parts += [part for part in (words.remarks(stage), words.pace(stage, at)) if part]
        if wait:
            parts.append(f"waits: {wait}")
        if stage.message:
            parts.append(words.plain(stage.message))
        name = words.stage_name(stage.stage)
        if self._many:
            name = f"{words.short(stage.run_id)} {name}"
        yield f"{name}: {', '.join(parts)}"
        if stage.HasField("end_time"):
            for failure in stage.progress.failures:
                yield f"{name}: {words.failure(failure)}"
