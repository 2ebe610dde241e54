"""Ledger days: how many calls of a day are in each state of a stage, and whether the stage covered the day."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from services.coordinator.state.encoded import EncodedParts
from services.status.domain import Owner, Stage


class DayFigures(NamedTuple):
    """The counts of a ledger day; a tuple, since one is made for every reported day."""

    pending: int = 0
    processing: int = 0
    success: int = 0
    failed: int = 0
    skipped: int = 0
    available: int = 0
    input: int = 0
    output: int = 0
    permanent: int = 0
    """Of the failed: for good."""
    merged: int = 0
    listed: int = 0

    @property
    def items(self) -> int:
        """All items of the day."""
        return self.pending + self.processing + self.success + self.failed + self.skipped


class RangeDay(NamedTuple):
    """What a range status needs of a ledger day; a tuple, since a year of five stages has 1,830."""

    figures: DayFigures
    covered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What the ledger says of a range: known days by stage and name, and the stages that are at work on any of them."""

    days: Mapping[Stage, Mapping[str, RangeDay]]
    active: frozenset[Stage]


@dataclass(slots=True, kw_only=True, eq=False)
class Day:
    """One ledger day of one stage."""

    owner: Owner
    stage: Stage
    day: str
    """YYYY-MM-DD, as it travels."""
    version: int = 0
    """The version of the figures, as everybody is told it."""
    seen_version: int = 0
    """The newest version that was reported; a count that changes no figure raises nothing else."""
    figures: DayFigures = field(default_factory=DayFigures)
    covered_at: datetime | None = None
    raw: bytes = b""
    """The last reported DayCounts, as it came; empty while none has come since the row was read."""
    encoded: EncodedParts | None = None
    """Kept here by the encoder of events."""
