"""What the services of the stages are told, and what becomes of executions whose time is over."""

from dataclasses import dataclass
from datetime import datetime

from services.coordinator.state.domain import (
    DeliveryKind,
)
from services.status.domain import (
    ClientSettings,
    DateRange,
    ExecutionNumber,
    ExecutionState,
    FastEnum,
    Owner,
    RunId,
    RunMode,
    Stage,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDelivery:
    """A delivery that was claimed; `tries` counts this one too."""

    execution: ExecutionNumber
    kind: DeliveryKind
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """An execution as the service of its stage is told of it."""

    execution: ExecutionNumber
    run_id: RunId
    owner: Owner
    stage: Stage
    mode: RunMode
    range: DateRange
    settings: ClientSettings
    bot_id: str
    """The bot whose meeting it processes; empty for the calls of a client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """How an execution ended that its service was told to stop; `state` is None where the service names none."""

    state: ExecutionState | None
    progress: bytes
    """Its last figures, a StageProgress; empty where the service does not know it."""


class Happening(FastEnum):
    """What happens to an execution whose time is over."""

    STALLED = "STALLED"
    """Its service fell silent a moment ago: it is asked for it, and asked again once it is told that it is silent."""
    CANCELLED = "CANCELLED"
    """Its service did not confirm a cancel in time."""
    SILENT = "SILENT"
    """It stayed STALLED for too long."""
    UNREACHABLE = "UNREACHABLE"
    """Its service never took it."""
    NO_PROGRESS = "NO_PROGRESS"
    """Its service is alive, but no item moves."""
    WAIT_LIMIT = "WAIT_LIMIT"
    """No item moves, and the service said what it waits for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueExecution:
    """An execution that something must happen to."""

    owner: Owner
    number: ExecutionNumber
    happening: Happening
    seen_at: datetime | None
    """When its service was last heard of."""
