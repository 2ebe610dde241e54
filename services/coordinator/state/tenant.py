"""Everything of one owner that a decision needs, and what a decision touches."""

from dataclasses import dataclass, field
from typing import NamedTuple

from services.coordinator.state.bot import Bot, BotId
from services.coordinator.state.days import Day
from services.coordinator.state.domain import Execution, Run
from services.coordinator.state.reports import Verdict
from services.status.domain import ExecutionNumber, Owner, RunId, Stage

Subject = Run | Execution | Day | Bot
"""What an event is about."""


class EarlierExecution(NamedTuple):
    """How long a stage took for so many items: `length` is how long their calls are, 0 where that is unknown."""

    items: int
    length: float
    seconds: float


@dataclass(slots=True, kw_only=True, eq=False)
class Tenant:
    """Everything of one owner that a decision needs, as of `version`."""

    owner: Owner
    version: int
    run: Run | None = None
    """The run of calls under way; meetings are not one at a time."""
    executions: dict[ExecutionNumber, Execution] = field(default_factory=dict)
    runs: dict[RunId, Run] = field(default_factory=dict)
    days: dict[tuple[Stage, str], Day] = field(default_factory=dict)
    loaded_days: set[str] = field(default_factory=set)
    bots: dict[BotId, Bot] = field(default_factory=dict)
    """Bots that were asked for, and those of runs under way."""
    earlier: dict[Stage, list[EarlierExecution]] = field(default_factory=dict)
    """The last executions that did their work, the newest first."""
    loaded_bots: set[BotId] = field(default_factory=set)
    """Bots that were looked for, whether or not they exist."""

    def day(self, stage: Stage, day: str) -> Day:
        """Return the ledger day, new where nothing was reported yet."""
        found = self.days.get((stage, day))
        if found is None:
            found = self.days[stage, day] = Day(owner=self.owner, stage=stage, day=day)
        return found

    def run_days(self, run: Run, stage: Stage) -> list[Day]:
        """Return the ledger days of a stage over the range of a run."""
        return [self.day(stage, day.isoformat()) for day in run.range.days]


@dataclass(slots=True)
class ReportOutcome:
    """The verdict on a report, why, and what it changed."""

    verdict: Verdict
    touched: list[Subject] = field(default_factory=list)
    message: str = ""
