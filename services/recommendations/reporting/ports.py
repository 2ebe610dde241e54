"""What the use cases of the reporting database need from the outside."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from services.recommendations.calls.domain import CallId
from services.recommendations.employees.domain import (
    EmployeeRecommendation,
)
from services.recommendations.ranges.domain import WrittenReport
from services.recommendations.reporting.domain import ReportedCall
from services.status.domain import DateRange, ExecutionNumber, Owner


class ReportingDatabase(Protocol):
    """The tables a BI tool reads. All raise ReportingUnavailable."""

    async def write_calls(
        self, owner: Owner, execution: ExecutionNumber, calls: Sequence[ReportedCall]
    ) -> Mapping[CallId, str]:
        """Write calls in place of their earlier rows, unless a later attempt has written them.

        Returns those that the database cannot hold, each with the cause; the others are committed.
        """

    async def delete_calls(self, owner: Owner, call_ids: Sequence[CallId]) -> None:
        """Remove all rows of calls."""

    async def write_recommendations(
        self,
        owner: Owner,
        execution: ExecutionNumber,
        recommendations: Sequence[EmployeeRecommendation],
    ) -> None:
        """Write all recommendations of an owner in place of what was there; those of a later execution stay."""

    async def count_calls(self, owner: Owner, days: DateRange) -> Mapping[str, int]:
        """Return how many rows of calls of a range each table has."""

    async def write_report(
        self, owner: Owner, days: DateRange, execution: ExecutionNumber, report: WrittenReport
    ) -> None:
        """Write the report of a run over exactly this range; that of a later execution stays."""
