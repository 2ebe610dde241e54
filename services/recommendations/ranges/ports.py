"""What the use cases of ranges need from the outside."""

from typing import Protocol

from services.recommendations.ranges.domain import (
    DayScores,
    ItemReport,
    Narrative,
    RollUp,
    WrittenReport,
)
from services.status.domain import DateRange, ExecutionNumber, Owner


class Narrator(Protocol):
    """Who writes what the figures of a range say."""

    async def narrate(self, days: DateRange, roll_up: RollUp, language: str) -> Narrative:
        """Return the narrative of a range in a language, an ISO 639-1 code."""


class RollUpRepository(Protocol):
    """What ranges add up to, and the reports of runs."""

    async def roll_up(self, owner: Owner, days: DateRange, minimum_calls: int) -> RollUp:
        """Return what the range adds up to; a skill of fewer than `minimum_calls` calls is not `enough`."""

    async def list_days(self, owner: Owner, days: DateRange) -> tuple[DayScores, ...]:
        """Return the days of the range that have calls, each of everybody first, then of each employee."""

    async def list_items(
        self, owner: Owner, days: DateRange, minimum_calls: int
    ) -> tuple[ItemReport, ...]:
        """Return the items of everybody, what went wrong most often first; `enough` is as above."""

    async def get_report(self, owner: Owner, days: DateRange) -> WrittenReport | None:
        """Return the report of the last run over exactly this range."""

    async def write_report(
        self, owner: Owner, days: DateRange, execution: ExecutionNumber, report: WrittenReport
    ) -> None:
        """Store the report of a run over exactly this range; that of a later execution stays."""
