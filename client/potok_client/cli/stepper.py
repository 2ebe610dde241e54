"""A bot as a picture: every state one step, what was passed when, and the stages of its meeting. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from potok.status.v1 import stage_pb2
from potok.status.v1.event_pb2 import BotStatus
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from potok_client.cli import words
from potok_client.cli.screen import failures, stages_of
from potok_client.cli.terminal import cell
from potok_client.state import View
from potok_client.watch import Update

STEPS = (
    stage_pb2.BOT_STATE_INITIALIZED,
    stage_pb2.BOT_STATE_CONNECTING,
    stage_pb2.BOT_STATE_CONNECTED,
    stage_pb2.BOT_STATE_TRANSCRIBING,
    stage_pb2.BOT_STATE_ANALYZING_MEETING,
    stage_pb2.BOT_STATE_CREATING_TASKS,
    stage_pb2.BOT_STATE_DONE,
)
BOT_STYLES = {stage_pb2.BOT_STATE_DONE: "green", stage_pb2.BOT_STATE_ERROR: "red"}

State = int
"""A number of BotState."""


@dataclass(slots=True)
class Steps:
    """Remembers when the bot that is followed reached which state, and how far it came."""

    bot_id: str
    reached: dict[State, datetime] = field(default_factory=dict)
    furthest: State = 0

    def take(self, update: Update) -> None:
        """Note what an update says of the bot. A snapshot does not say when the bot reached its state."""
        for change in update.changes:
            for event in change.events:
                bot = event.bot
                if bot.bot_id != self.bot_id:
                    continue
                if bot.state != stage_pb2.BOT_STATE_ERROR:
                    self.furthest = max(self.furthest, bot.state)
                if not update.reset:
                    self.reached.setdefault(bot.state, change.time.ToDatetime(UTC))


def bot_picture(view: View, steps: Steps, now: datetime) -> RenderableType:
    """Return the bot as it is to be seen at `now`."""
    bot = view.bots.get(steps.bot_id)
    if bot is None:
        return Text(words.lost(view.lost) if view.lost else "...", style="dim")
    parts: list[RenderableType] = [_head(bot, now)]
    parts.append(Padding(_steps(bot, steps.reached, steps.furthest), (0, 0, 0, 1)))
    run = view.runs.get(bot.run_id)
    if run is not None:
        stages = view.stages(run.run_id)
        parts.append(Padding(stages_of(run, stages, now), (0, 0, 0, 1)))
        parts.extend(failures(stages))
    if bot.error_message:
        parts.append(cell(f" {bot.error_message}", "red"))
    if view.lost:
        parts.append(Text(words.lost(view.lost), "yellow"))
    return Group(*parts)


def _head(bot: BotStatus, now: datetime) -> Text:
    end = bot.update_time.ToDatetime(UTC) if bot.state in words.FINAL_BOTS else now
    lasted = (end - bot.create_time.ToDatetime(UTC)).total_seconds()
    return Text.assemble(
        ("bot ", "dim"),
        (words.plain(bot.bot_id), "bold"),
        (f"  {words.plain(bot.meet_url)}  ", "dim"),
        (words.bot_state(bot.state), f"bold {BOT_STYLES.get(bot.state, 'cyan')}"),
        (f"  {words.duration(lasted)}", "dim"),
    )


def _steps(bot: BotStatus, reached: Mapping[State, datetime], furthest: State) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=1)
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for row in _rows(bot, reached, furthest):
        grid.add_row(*row)
    return grid


def _rows(
    bot: BotStatus, reached: Mapping[State, datetime], furthest: State
) -> Iterator[tuple[Text, ...]]:
    for state in STEPS:
        name = words.bot_state(state)
        at = Text(words.clock(reached[state]) if state in reached else "", "dim")
        if bot.state == stage_pb2.BOT_STATE_ERROR and state > furthest:
            return
        if state == bot.state and state != stage_pb2.BOT_STATE_DONE:
            yield (
                Text("●", "cyan"),
                Text(name, "bold"),
                at,
                cell(bot.detail.replace("_", " "), "dim"),
            )
        elif state <= bot.state:
            yield Text("✓", "green"), Text(name), at, Text()
        else:
            yield Text("○", "dim"), Text(name, "dim"), at, Text()
