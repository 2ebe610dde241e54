"""What the reporting database is told, and how much it holds. Nothing here does I/O."""

from dataclasses import dataclass

from services.kernel.errors import UpstreamUnavailable
from services.recommendations.calls.domain import AnalysedCall, Call, Transcript


class ReportingUnavailable(UpstreamUnavailable):
    """The reporting database does not answer, or not as it should; another try may help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedCall:
    """All that the reporting database is told of a call.

    `attempt` is that of the item: with its execution it orders the writes of one call.
    """

    attempt: int
    call: Call
    transcript: Transcript
    analysis: AnalysedCall


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCount:
    """The rows of a table, and how many there should be, None where that is not known."""

    table: str
    rows: int
    expected_rows: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedCalls:
    """How many calls of a range are rolled up, and what the reporting database holds of them."""

    rolled_up_calls: int
    tables: tuple[TableCount, ...]
