"""The coordinator's messages to its domain and back. What a watch sends is built in `wire`."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from potok.coordinator.v1 import (
    coordinator_service_pb2,
    range_status_pb2,
    report_pb2,
    run_pb2,
)
from potok.stage.v1 import stage_service_pb2

from services.coordinator.state.domain import Client, Run, RunView, StagePreview
from services.coordinator.state.ledger import RangeStatus, StageLedger
from services.coordinator.state.reports import RejectedReport
from services.coordinator.wire.events import stage_status
from services.coordinator.wire.messages import run_status
from services.coordinator.wire.reports import VERDICT_TO_PB
from services.kernel.rpc.convert import timestamp
from services.status.domain import RunMode, SettingFault, Stage
from services.status.mapping import (
    EXECUTION_STATE_TO_PB,
    RUN_MODE_TO_PB,
    STAGE_TO_PB,
    cost_from_pb,
    cost_to_pb,
    date_range_to_pb,
    settings_from_pb,
    settings_to_pb,
)

DEFAULT_PLAYBOOK = "clinic"
DEFAULT_LANGUAGE = "ru"
DEFAULT_WEIGHT = 1


def client_to_pb(client: Client) -> run_pb2.Client:
    return run_pb2.Client(client_id=client.client_id, settings=settings_to_pb(client.settings))


def client_from_pb(message: run_pb2.Client) -> Client:
    """Return a client; what is left out of its settings takes its default."""
    said = settings_from_pb(message.settings)
    settings = replace(
        said,
        playbook=said.playbook or DEFAULT_PLAYBOOK,
        language=said.language or DEFAULT_LANGUAGE,
        weight=said.weight or DEFAULT_WEIGHT,
    )
    return Client(client_id=message.client_id, settings=settings)


def run_to_pb(view: RunView) -> run_pb2.Run:
    return run_pb2.Run(
        status=run_status(view.run),
        stages=[stage_status(execution) for execution in view.executions],
    )


def run_word(run: Run) -> str:
    """Return the state of a run as the endpoints for browsers print it."""
    return run.state.value.lower()


def range_figures_to_pb(status: RangeStatus) -> dict[str, Any]:
    """Return the fields that every answer about a range has."""
    return {
        "overall_status": status.overall_status.value,
        "total_calls": status.total_calls,
        "status_breakdown": range_status_pb2.StatusBreakdown(
            pending=status.pending,
            processing=status.processing,
            success=status.success,
            failed=status.failed,
        ),
        "progress_percentage": status.progress_percentage,
    }


def range_status_to_pb(status: RangeStatus) -> range_status_pb2.RangeStatus:
    return range_status_pb2.RangeStatus(**range_figures_to_pb(status), stale_days=status.stale_days)


def stage_ledger_to_pb(ledger: StageLedger) -> range_status_pb2.StageLedger:
    return range_status_pb2.StageLedger(
        stage=STAGE_TO_PB[ledger.stage],
        found=ledger.found,
        success=ledger.success,
        skipped=ledger.skipped,
        failed=ledger.failed,
        pending=ledger.pending,
        available=ledger.available,
        gone=ledger.gone,
        stale_days=ledger.stale_days,
        covered_days=ledger.covered_days,
        merged=ledger.merged,
        listed=ledger.listed,
    )


def preview_stage_request(
    run: Run, stage: Stage, mode: RunMode, coming: Iterable[stage_service_pb2.PreviewedItem]
) -> stage_service_pb2.PreviewStageRequest:
    """Return what the service of a stage is asked about a run that nobody has started."""
    return stage_service_pb2.PreviewStageRequest(
        stage=STAGE_TO_PB[stage],
        owner=run.owner,
        mode=RUN_MODE_TO_PB[mode],
        range=date_range_to_pb(run.range),
        settings=settings_to_pb(run.settings),
        coming=coming,
    )


def setting_fault_from_pb(message: stage_service_pb2.SettingFault) -> SettingFault:
    return SettingFault(field=message.field, message=message.message, known=tuple(message.known))


def stage_preview_from_pb(
    stage: Stage, message: stage_service_pb2.PreviewStageResponse
) -> StagePreview:
    unknown = sum(not item.HasField("duration_seconds") for item in message.taken)
    return StagePreview(
        stage=stage,
        calls=len(message.taken),
        duration_seconds=sum(item.duration_seconds for item in message.taken),
        unknown_durations=unknown,
        unchanged=message.unchanged,
        unchanged_failed=message.unchanged_failed,
        more=message.more,
        cost=cost_from_pb(message.cost) if message.HasField("cost") else None,
    )


def stage_preview_to_pb(preview: StagePreview) -> coordinator_service_pb2.StagePreview:
    return coordinator_service_pb2.StagePreview(
        stage=STAGE_TO_PB[preview.stage],
        calls=preview.calls,
        duration_seconds=preview.duration_seconds,
        unknown_durations=preview.unknown_durations,
        unchanged=preview.unchanged,
        unchanged_failed=preview.unchanged_failed,
        more=preview.more,
        cost=cost_to_pb(preview.cost),
    )


def rejected_report_to_pb(report: RejectedReport) -> report_pb2.RejectedReport:
    return report_pb2.RejectedReport(
        execution=report.execution,
        sequence=report.sequence,
        state=EXECUTION_STATE_TO_PB[report.state],
        verdict=VERDICT_TO_PB[report.verdict],
        message=report.message,
        time=timestamp(report.at),
    )
