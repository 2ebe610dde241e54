"""Executions, items and progress in protobuf and back."""

from datetime import date

from potok.coordinator.v1 import report_pb2
from potok.stage.v1 import stage_service_pb2
from potok.status.v1 import progress_pb2, stage_pb2

from services.kernel.errors import InvalidInput
from services.kernel.rpc.convert import timestamp
from services.stage.domain import Execution, Found, ItemChanges, ItemId, Preview, StoredItem
from services.stage.modes import NEWEST
from services.stage.progress import CallLengths, DayCounts, Progress
from services.status.domain import (
    ExecutionNumber,
    ExecutionState,
    Owner,
    Reason,
    RunId,
    SettingFault,
)
from services.status.mapping import (
    EXECUTION_STATE_TO_PB,
    ITEM_STATE_TO_PB,
    REASON_TO_PB,
    RUN_MODE_FROM_PB,
    STAGE_FROM_PB,
    cost_to_pb,
    date_range_from_pb,
    item_counts_to_pb,
    settings_from_pb,
    wait_to_pb,
)


def execution_from_pb(message: stage_service_pb2.RunStageRequest) -> Execution:
    """Parse the execution to run; raises InvalidInput."""
    return Execution(
        number=ExecutionNumber(message.execution),
        stage=STAGE_FROM_PB[message.stage],
        run_id=RunId(message.run_id),
        owner=Owner(message.owner),
        mode=RUN_MODE_FROM_PB[message.mode],
        range=date_range_from_pb(message.range),
        settings=settings_from_pb(message.settings),
        state=ExecutionState.DISPATCHED,
        discovered=False,
        bot_id=message.bot_id,
    )


def previewed_from_pb(
    message: stage_service_pb2.PreviewStageRequest,
) -> tuple[Execution, list[Found]]:
    """Parse an execution that is never stored, and the items that are coming for it; raises InvalidInput."""
    execution = Execution(
        number=NEWEST,
        stage=STAGE_FROM_PB[message.stage],
        run_id=RunId(""),
        owner=Owner(message.owner),
        mode=RUN_MODE_FROM_PB[message.mode],
        range=date_range_from_pb(message.range),
        settings=settings_from_pb(message.settings),
        state=ExecutionState.QUEUED,
        discovered=False,
    )
    return execution, [_coming_from_pb(item) for item in message.coming]


def preview_to_pb(preview: Preview) -> stage_service_pb2.PreviewStageResponse:
    return stage_service_pb2.PreviewStageResponse(
        taken=[
            stage_service_pb2.PreviewedItem(
                item_id=item.item_id,
                day=item.day.isoformat(),
                duration_seconds=item.duration_seconds,
            )
            for item in preview.taken
        ],
        unchanged=preview.unchanged,
        unchanged_failed=preview.unchanged_failed,
        more=preview.more,
        cost=cost_to_pb(preview.cost),
    )


def item_to_pb(item: StoredItem) -> stage_service_pb2.Item:
    return stage_service_pb2.Item(
        item_id=item.item_id,
        day=item.day.isoformat(),
        state=ITEM_STATE_TO_PB[item.state],
        reason=_reason_to_pb(item.reason),
        message=item.message,
        execution=item.execution,
        attempt=item.attempt,
        output=item.output,
        retry_time=timestamp(item.retry_at),
        update_time=timestamp(item.updated_at),
        duration_seconds=item.duration_seconds,
    )


def item_changes_to_pb(page: ItemChanges) -> stage_service_pb2.ListItemChangesResponse:
    return stage_service_pb2.ListItemChangesResponse(
        items=[
            stage_service_pb2.ChangedItem(
                owner=change.owner,
                item=(
                    item_to_pb(change.item)
                    if change.item
                    else stage_service_pb2.Item(item_id=change.item_id)
                ),
                removed=change.item is None,
            )
            for change in page.changes
        ],
        cursor=page.cursor,
        more=page.more,
        as_of_time=timestamp(page.as_of),
    )


def report_to_pb(progress: Progress) -> report_pb2.Report:
    return report_pb2.Report(
        execution=progress.execution,
        sequence=progress.sequence,
        state=EXECUTION_STATE_TO_PB[_reported(progress)],
        progress=progress_to_pb(progress),
        days=[_day_counts_to_pb(day) for day in progress.days],
    )


def progress_to_pb(progress: Progress) -> progress_pb2.StageProgress:
    return progress_pb2.StageProgress(
        items=item_counts_to_pb(progress.items),
        unchanged=progress.unchanged,
        unchanged_failed=progress.unchanged_failed,
        discovered=progress.discovered,
        reasons=[
            progress_pb2.ReasonCount(reason=REASON_TO_PB[reason], count=count)
            for reason, count in sorted(progress.reasons.items(), key=lambda pair: -pair[1])
        ],
        failures=[
            progress_pb2.ItemFailure(
                item_id=failure.item_id,
                reason=REASON_TO_PB[failure.reason],
                message=failure.message,
            )
            for failure in progress.failures
        ],
        wait=wait_to_pb(progress.wait),
        reason=_reason_to_pb(progress.reason),
        message=progress.message,
        lengths=_lengths_to_pb(progress.lengths),
        at_work=[
            progress_pb2.ItemAtWork(
                item_id=item.item_id,
                begin_time=timestamp(item.begun_at),
                duration_seconds=item.duration_seconds,
            )
            for item in progress.at_work
        ],
    )


def _lengths_to_pb(lengths: CallLengths | None) -> progress_pb2.CallLengths | None:
    if lengths is None:
        return None
    return progress_pb2.CallLengths(
        ended_seconds=lengths.ended,
        processing_seconds=lengths.processing,
        pending_seconds=lengths.pending,
    )


def _reason_to_pb(reason: Reason | None) -> stage_pb2.Reason.ValueType:
    return stage_pb2.REASON_UNSPECIFIED if reason is None else REASON_TO_PB[reason]


def _coming_from_pb(item: stage_service_pb2.PreviewedItem) -> Found:
    try:
        day = date.fromisoformat(item.day)
    except ValueError:
        raise InvalidInput(f"coming.day: {item.day!r} is no date, write YYYY-MM-DD") from None
    return Found(
        item_id=ItemId(item.item_id),
        day=day,
        upstream=NEWEST,
        duration_seconds=item.duration_seconds if item.HasField("duration_seconds") else None,
    )


def _reported(progress: Progress) -> ExecutionState:
    """Say where an execution is as the coordinator has it.

    To have stored it is to run it: DISPATCHED is made by the coordinator itself. One that has done all its work is told
    by its items as they are: a late recording may have failed, a newer execution taken failures up.
    """
    match progress.state:
        case ExecutionState.DISPATCHED:
            return ExecutionState.RUNNING
        case ExecutionState.SUCCEEDED | ExecutionState.PARTIAL:
            failed = progress.items.failed
            return ExecutionState.PARTIAL if failed else ExecutionState.SUCCEEDED
        case other:
            return other


def _day_counts_to_pb(day: DayCounts) -> progress_pb2.DayCounts:
    return progress_pb2.DayCounts(
        day=day.day.isoformat(),
        version=day.version,
        pending=day.items.pending,
        processing=day.items.processing,
        success=day.items.success,
        failed=day.items.failed,
        skipped=day.items.skipped,
        available=day.available,
        input=day.input,
        output=day.output,
        permanent=day.permanent,
        merged=day.merged,
        listed=day.listed,
    )


def setting_fault_to_pb(fault: SettingFault) -> stage_service_pb2.SettingFault:
    return stage_service_pb2.SettingFault(
        field=fault.field, message=fault.message, known=fault.known
    )
