"""What the coordinator does for its callers, in the words of the protos."""

import hashlib
import uuid
from collections.abc import Collection
from dataclasses import asdict
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.coordinator.runs.ports import RunChanges, RunRepository, Stages
from services.coordinator.state import order, sequence
from services.coordinator.state.days import (
    Ledger,
)
from services.coordinator.state.domain import (
    AcceptedStart,
    Client,
    ClientNotFound,
    RunNotFound,
    RunView,
    StagePreview,
    Start,
)
from services.coordinator.state.ledger import (
    RangeStatus,
    StageLedger,
    button_status,
    range_status,
    stage_ledgers,
)
from services.coordinator.state.position import Position
from services.coordinator.state.reports import (
    RejectedReport,
)
from services.kernel.clock import utc_now
from services.kernel.errors import Conflict, InvalidInput, UpstreamUnavailable, WrongState
from services.kernel.paging import Page, moment, page_of, page_start, serial, text, unique
from services.status.domain import (
    AuditAction,
    AuditEntry,
    DateRange,
    RunId,
    RunMode,
    SettingFault,
    Stage,
    client_owner,
)
from services.status.identity import Caller

REJECTED_REPORTS_A_RUN = 1_000

_CLIENTS = "ListClients"


class Runs:
    """Clients, runs and the ledger."""

    def __init__(self, runs: RunRepository, changes: RunChanges, stages: Stages) -> None:
        self._runs = runs
        self._changes = changes
        self._stages = stages

    async def set_client(self, caller: Caller, client: Client) -> Client:
        """Store a client and return it as it is stored.

        Raises InvalidInput for a setting that can never work, naming it and what there is in its place;
        UpstreamUnavailable where a service that knows does not answer.
        """
        kind, _, name = client.settings.source.partition(":")
        if not (kind and name):
            raise InvalidInput(
                f"settings.source: {client.settings.source!r} names no kind of source, "
                "write amocrm:ACCOUNT or folder:DIRECTORY"
            )
        try:
            ZoneInfo(client.settings.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise InvalidInput(
                f"settings.time_zone: {client.settings.time_zone!r} is unknown, "
                "write an IANA name such as Europe/Moscow"
            ) from None
        await self._check_settings(client)
        known = await self._runs.get_client(client.client_id)
        entry = None
        if known != client:
            entry = _entry(
                caller,
                AuditAction.SET_CLIENT,
                client.owner,
                client.client_id,
                _changes(known, client),
            )
        return await self._runs.set_client(client, entry)

    async def get_client(self, client_id: str) -> Client:
        """Return a client; raises ClientNotFound."""
        client = await self._runs.get_client(client_id)
        if client is None:
            raise _no_client(client_id)
        return client

    async def list_clients(self, page_size: int, page_token: str) -> Page[Client]:
        """Return a page of clients by id; raises InvalidInput for a token of another list."""
        after = page_start(_CLIENTS, page_token, (text,), str) or ""
        found = await self._runs.list_clients(after, page_size + 1)
        return page_of(_CLIENTS, found, page_size, lambda client: [client.client_id])

    async def watch_topics(
        self, client_ids: Collection[str], run_ids: Collection[RunId]
    ) -> frozenset[str]:
        """Return the topics of runs to watch: their ids, or those of the bots whose meetings they process.

        Raises ClientNotFound or RunNotFound for what does not exist.
        """
        if client_ids:
            unknown = set(client_ids) - await self._runs.known_clients(client_ids)
            if unknown:
                raise ClientNotFound(f"client_ids: there is no {', '.join(sorted(unknown))}")
        if run_ids:
            runs = [view.run for view in await self._runs.get_runs(run_ids)]
            if missing := set(run_ids) - {run.run_id for run in runs}:
                raise RunNotFound(f"run_ids: there is no {', '.join(sorted(missing))}")
            return frozenset(run.topic for run in runs)
        return frozenset()

    async def start_run(
        self,
        caller: Caller,
        client_id: str,
        days: DateRange,
        stages: tuple[Stage, ...],
        mode: RunMode,
        request_id: str,
        *,
        end_field: str = "range.end_date",
    ) -> RunView:
        """Start a run; a known `request_id` answers the run it started. `end_field` names the last day in errors."""
        parameters = f"{client_id} {days.start} {days.end} {[s.value for s in stages]} {mode.value}"
        start = await self._start_of(caller, client_id, days, stages, mode, end_field)
        return await self._start(start, "StartRun", request_id, parameters)

    async def preview_run(
        self,
        caller: Caller,
        client_id: str,
        days: DateRange,
        stages: tuple[Stage, ...],
        mode: RunMode,
    ) -> list[StagePreview]:
        """Return what each stage of a run would do; raises what `start_run` would."""
        start = await self._start_of(caller, client_id, days, stages, mode)
        tenant = await self._runs.get_tenant(start.client.owner, days)
        run = sequence.planned_run(tenant, start, RunId(""), utc_now())
        await self._check_start(start)
        return await self._stages.preview_stages(run, order.run_stages(run))

    async def retry_failed(
        self, caller: Caller, run_id: RunId, stage: Stage | None, request_id: str
    ) -> RunView:
        """Start a run that takes up the failures of an ended one."""
        parameters = f"{run_id} {stage}"
        old = await self.get_run(run_id)
        stages = order.retry_stages(old.run, old.executions, stage)
        client = await self.get_client(old.run.client_id)
        start = Start(
            client=client,
            range=old.run.range,
            stages=stages,
            mode=RunMode.FAILED,
            actor=caller.user,
            today=self._today(client),
            retry_of=run_id,
        )
        return await self._start(start, "RetryFailed", request_id, parameters)

    async def cancel_run(self, caller: Caller, run_id: RunId) -> RunView:
        """Ask a run to stop; returns it as it is then."""
        view = await self.get_run(run_id)
        if not view.run.state.ended:
            await self._changes.cancel_run(view.run.owner, run_id, caller.user)
        return await self.get_run(run_id)

    async def get_run(self, run_id: RunId) -> RunView:
        """Return a run; raises RunNotFound."""
        views = await self._runs.get_runs([run_id])
        if not views:
            raise RunNotFound(f"run {run_id} does not exist")
        return views[0]

    async def list_runs(self, client_id: str, page_size: int, page_token: str) -> Page[RunView]:
        """Return a page of the runs of a client, newest first, of all clients where `client_id` is empty.

        Raises InvalidInput for a token of another list or client.
        """
        listing = f"ListRuns {client_id}"
        before = page_start(listing, page_token, (moment, unique), _position)
        found = await self._runs.list_runs(client_id, before, page_size + 1)
        return page_of(
            listing,
            found,
            page_size,
            lambda view: Position(view.run.created_at, view.run.run_id).keys,
        )

    async def list_audit_entries(
        self, client_id: str, run_id: str, page_size: int, page_token: str
    ) -> Page[AuditEntry]:
        """Return a page of who did what to a client and to a run, the empty text being all, newest first.

        Raises ClientNotFound, RunNotFound, InvalidInput for a token of another list.
        """
        if client_id:
            await self.get_client(client_id)
        if run_id:
            await self.get_run(RunId(run_id))
        listing = f"ListAuditEntries {client_id} {run_id}"
        before = page_start(listing, page_token, (serial,), int)
        owner = client_owner(client_id) if client_id else ""
        found = await self._runs.list_audit_entries(owner, run_id, before, page_size + 1)
        return page_of(listing, found, page_size, lambda entry: [entry.number])

    async def list_rejected_reports(
        self, run_id: RunId | None, page_size: int
    ) -> list[RejectedReport]:
        """Return the newest rejected reports of a run, without one of executions that nobody knows; raises RunNotFound."""
        if run_id:
            await self.get_run(run_id)
        return await self._runs.list_rejected_reports(run_id, page_size)

    async def advance_epoch(self, caller: Caller) -> int:
        """Make all resume tokens that were given out invalid; returns how often that was done."""
        return await self._runs.advance_epoch(_entry(caller, AuditAction.ADVANCE_EPOCH, "", "", ""))

    async def clean_up(self) -> None:
        """Forget starts that are too old to be repeated, and rejected reports that are too old or too many."""
        await self._runs.delete_old_requests()
        await self._runs.delete_old_rejected_reports(REJECTED_REPORTS_A_RUN)

    async def get_range_status(self, client_id: str, stage: Stage, days: DateRange) -> RangeStatus:
        """Return where a stage is over a range; raises ClientNotFound."""
        chain = order.stages_up_to(stage)
        ledger = await self._ledger(client_id, chain, days)
        stages = {stage, order.FOLLOWED_BY.get(stage, stage)}
        return range_status(
            [day.isoformat() for day in days.days],
            [ledger.days[each] for each in chain],
            active=bool(ledger.active & stages),
        )

    async def get_button_status(self, client_id: str, stage: Stage, days: DateRange) -> RangeStatus:
        """Return the same for a page that waits for the end of the stage over the range; raises ClientNotFound."""
        status = await self.get_range_status(client_id, stage, days)
        if not status.open:
            return status
        return button_status(status, ended=await self._runs.has_ended(client_id, stage, days))

    async def get_ledger(self, client_id: str, days: DateRange) -> list[StageLedger]:
        """Return where the calls of a range are, stage by stage; raises ClientNotFound."""
        ledger = await self._ledger(client_id, order.ORDER, days)
        return stage_ledgers([day.isoformat() for day in days.days], ledger.days)

    async def _ledger(self, client_id: str, stages: tuple[Stage, ...], days: DateRange) -> Ledger:
        ledger = await self._runs.get_ledger(client_id, stages, days)
        if ledger is None:
            raise _no_client(client_id)
        return ledger

    async def _start_of(
        self,
        caller: Caller,
        client_id: str,
        days: DateRange,
        stages: tuple[Stage, ...],
        mode: RunMode,
        end_field: str = "range.end_date",
    ) -> Start:
        client = await self.get_client(client_id)
        return Start(
            client=client,
            range=days,
            stages=stages,
            mode=mode,
            actor=caller.user,
            today=self._today(client),
            end_field=end_field,
        )

    async def _start(self, start: Start, method: str, request_id: str, parameters: str) -> RunView:
        digest = hashlib.sha256(parameters.encode()).hexdigest()
        if request_id:
            known = await self._runs.find_request(start.actor, method, request_id)
            if known is not None:
                return await self._known(known, digest, request_id)
        await self._check_start(start)
        run_id = RunId(str(uuid.uuid4()))
        accepted = AcceptedStart(run_id=run_id, parameters=digest)
        try:
            await self._changes.start_run(start, accepted, method, request_id)
        except Conflict:
            # The same request may have come twice at once: the other one is the run under way.
            known = await self._runs.find_request(start.actor, method, request_id)
            if known is None:
                raise
            return await self._known(known, digest, request_id)
        return await self.get_run(run_id)

    async def _check_settings(self, client: Client) -> None:
        """Refuse settings that a stage can never work with, and those that nobody could look at."""
        check = await self._stages.check_settings(order.ORDER, client.settings, wait=True)
        if check.faults:
            raise InvalidInput("; ".join(_sentence(fault) for fault in check.faults))
        if check.silent:
            silent = ", ".join(stage.value for stage in check.silent)
            raise UpstreamUnavailable(
                f"settings: cannot be checked, {silent} does not answer: nothing was stored, try again"
            )

    async def _check_start(self, start: Start) -> None:
        """Refuse a start whose settings can no longer work; a stage that is silent says so when it runs."""
        first, last = order.consecutive(start.stages)
        stages = order.ORDER[order.ORDER.index(first) : order.ORDER.index(last) + 1]
        check = await self._stages.check_settings(stages, start.client.settings, wait=False)
        if check.faults:
            client_id = start.client.client_id
            why = "; ".join(f"{fault.field}: {fault.message}" for fault in check.faults)
            raise WrongState(
                f"client {client_id} cannot be processed, {why}: change its settings",
                reason="SETTINGS_INVALID",
                metadata={"client_id": client_id, "field": check.faults[0].field},
            )

    async def _known(self, known: AcceptedStart, digest: str, request_id: str) -> RunView:
        if known.parameters != digest:
            raise InvalidInput(
                f"request_id: {request_id!r} was used with other parameters, take a new one"
            )
        return await self.get_run(known.run_id)

    def _today(self, client: Client) -> date:
        return utc_now().astimezone(ZoneInfo(client.settings.time_zone)).date()


def _sentence(fault: SettingFault) -> str:
    known = f", there are: {', '.join(fault.known)}" if fault.known else ""
    return f"settings.{fault.field}: {fault.message}{known}"


def _entry(
    caller: Caller, action: AuditAction, owner: str, subject: str, detail: str
) -> AuditEntry:
    return AuditEntry(
        actor=caller.user, action=action, owner=owner, subject=subject, detail=detail, at=utc_now()
    )


def _changes(known: Client | None, client: Client) -> str:
    """Return which settings are set, and from what where the client was known."""
    new = asdict(client.settings)
    if known is None:
        return ", ".join(f"{name} {value}" for name, value in new.items())
    old = asdict(known.settings)
    return ", ".join(
        f"{name} {old[name]} to {value}" for name, value in new.items() if old[name] != value
    )


def _no_client(client_id: str) -> ClientNotFound:
    return ClientNotFound(f"client {client_id} does not exist: set it up first")


def _position(created_at: datetime, run_id: uuid.UUID) -> Position:
    return Position(created_at, str(run_id))
