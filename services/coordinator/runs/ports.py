"""What the use cases need from the outside."""

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from services.coordinator.state.days import (
    Ledger,
)
from services.coordinator.state.domain import (
    AcceptedStart,
    Client,
    Run,
    RunView,
    SettingsCheck,
    StagePreview,
    Start,
)
from services.coordinator.state.position import Position
from services.coordinator.state.reports import (
    RejectedReport,
)
from services.coordinator.state.tenant import (
    Tenant,
)
from services.status.domain import (
    AuditEntry,
    ClientSettings,
    DateRange,
    Owner,
    RunId,
    RunMode,
    Stage,
)


class RunRepository(Protocol):
    """Clients, and what callers read of runs and the ledger."""

    async def set_client(self, client: Client, entry: AuditEntry | None) -> Client:
        """Store a client, new or known, and who did it; returns it as it is stored."""

    async def get_client(self, client_id: str) -> Client | None: ...

    async def list_clients(self, after: str, page_size: int) -> list[Client]: ...

    async def known_clients(self, client_ids: Collection[str]) -> set[str]: ...

    async def get_runs(self, run_ids: Collection[RunId]) -> list[RunView]: ...

    async def list_runs(
        self, client_id: str, before: Position | None, page_size: int
    ) -> list[RunView]: ...

    async def list_audit_entries(
        self, owner: str, subject: str, before: int | None, page_size: int
    ) -> list[AuditEntry]:
        """Return what was done to an owner and a subject, the empty text being all, newest first."""

    async def find_request(
        self, caller: str, method: str, request_id: str
    ) -> AcceptedStart | None: ...

    async def list_rejected_reports(
        self, run_id: RunId | None, page_size: int
    ) -> list[RejectedReport]: ...

    async def advance_epoch(self, entry: AuditEntry) -> int: ...

    async def delete_old_requests(self) -> None: ...

    async def delete_old_rejected_reports(self, keep: int) -> None: ...

    async def get_tenant(self, owner: Owner, days: DateRange) -> Tenant:
        """Return what decides about a start over these days: the run under way, and the days of every stage."""

    async def get_ledger(
        self, client_id: str, stages: Iterable[Stage], days: DateRange
    ) -> Ledger | None:
        """Return the days that are known of each stage, in their order; None where there is no such client."""

    async def has_ended(self, client_id: str, stage: Stage, days: DateRange) -> bool:
        """Return whether a run over all of the days has ended in a stage, however it ended."""


class RunChanges(Protocol):
    """Changes of runs: decided by the sequence, durable when these return."""

    async def start_run(
        self, start: Start, accepted: AcceptedStart, method: str, request_id: str
    ) -> None:
        """Start the run of `accepted`, remembering it under a request id that is not empty."""

    async def cancel_run(self, owner: Owner, run_id: RunId, actor: str) -> None:
        """Ask the run to stop."""


class RunEnds(Protocol):
    """The ends of runs, as they happen."""

    async def wait(self, run_id: RunId) -> None:
        """Return once the run has ended; raises UpstreamUnavailable when this replica stops before."""


class Stages(Protocol):
    """The services of the stages."""

    async def check_settings(
        self, stages: Collection[Stage], settings: ClientSettings, *, wait: bool
    ) -> SettingsCheck:
        """Ask stages, all at once and for a few seconds, what of the settings can never work.

        `wait` says whether to give one that cannot be reached those seconds too.
        """

    async def preview_stages(
        self, run: Run, modes: Sequence[tuple[Stage, RunMode]]
    ) -> list[StagePreview]:
        """Ask stages of a run in their order, each told what the one before would take.

        Raises UpstreamUnavailable, WrongState where the source of the calls refuses.
        """
