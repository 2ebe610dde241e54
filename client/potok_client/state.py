"""The view: what a watch says, folded into the newest state of every run, stage, ledger day and bot."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from potok.status.v1.event_pb2 import BotStatus, DayStatus, Event, RunStatus, StageStatus

from potok_client.watch import Update

_Day = tuple[str, int, str]


@dataclass(slots=True)
class View:
    """The state of all that a watch follows, as of `revision`. Apply every update, in order."""

    revision: int = 0
    lost: str = ""
    """Why nothing comes for the moment; empty while the watch is up."""
    runs: dict[str, RunStatus] = field(default_factory=dict)
    """The runs by their ids."""
    bots: dict[str, BotStatus] = field(default_factory=dict)
    """The bots by their ids."""
    _stages: dict[str, dict[int, StageStatus]] = field(default_factory=dict)
    _days: dict[_Day, DayStatus] = field(default_factory=dict)

    def apply(self, update: Update) -> None:
        """Take an update in; one with `reset` replaces everything."""
        self.lost = update.lost
        if update.lost:
            return
        if update.reset:
            self.runs.clear()
            self.bots.clear()
            self._stages.clear()
            self._days.clear()
        for change in update.changes:
            for event in change.events:
                self._take(event)
        self.revision = update.revision

    def stages(self, run_id: str) -> list[StageStatus]:
        """Return the stages of a run in the order in which they began; none for an unknown run."""
        stages = self._stages.get(run_id, {})
        return [stages[execution] for execution in sorted(stages)]

    def days(self, owner: str) -> Iterable[DayStatus]:
        """Return the ledger days of an owner, by stage and day."""
        return [self._days[key] for key in sorted(self._days) if key[0] == owner]

    def _take(self, event: Event) -> None:
        match event.WhichOneof("subject"):
            case "run":
                self.runs[event.run.run_id] = event.run
            case "stage":
                stages = self._stages.setdefault(event.stage.run_id, {})
                stages[event.stage.execution] = event.stage
            case "day":
                day = event.day
                self._days[day.owner, day.stage, day.counts.day] = day
            case "bot":
                self.bots[event.bot.bot_id] = event.bot
            case _:
                pass  # a subject that a newer server knows
