"""The words of `services.status.domain` in protobuf and back."""

from google.protobuf.timestamp_pb2 import Timestamp
from potok.status.v1 import audit_pb2, progress_pb2, stage_pb2

from services.kernel.rpc.convert import enum_pairs, timestamp
from services.status.domain import (
    AuditAction,
    AuditEntry,
    BotState,
    ClientSettings,
    Cost,
    DateRange,
    ExecutionState,
    ItemCounts,
    ItemState,
    Reason,
    RunMode,
    RunState,
    Stage,
    Wait,
    WaitReason,
    date_range,
)

STAGE_TO_PB = enum_pairs(Stage, stage_pb2.Stage, "STAGE")
ITEM_STATE_TO_PB = enum_pairs(ItemState, stage_pb2.ItemState, "ITEM_STATE")
EXECUTION_STATE_TO_PB = enum_pairs(ExecutionState, stage_pb2.ExecutionState, "EXECUTION_STATE")
RUN_STATE_TO_PB = enum_pairs(RunState, stage_pb2.RunState, "RUN_STATE")
RUN_MODE_TO_PB = enum_pairs(RunMode, stage_pb2.RunMode, "RUN_MODE")
REASON_TO_PB = enum_pairs(Reason, stage_pb2.Reason, "REASON")
BOT_STATE_TO_PB = enum_pairs(BotState, stage_pb2.BotState, "BOT_STATE")
WAIT_REASON_TO_PB = enum_pairs(WaitReason, stage_pb2.WaitReason, "WAIT_REASON")
AUDIT_ACTION_TO_PB = enum_pairs(AuditAction, audit_pb2.AuditAction, "AUDIT_ACTION")

STAGE_FROM_PB = {number: member for member, number in STAGE_TO_PB.items()}
ITEM_STATE_FROM_PB = {number: member for member, number in ITEM_STATE_TO_PB.items()}
EXECUTION_STATE_FROM_PB = {number: member for member, number in EXECUTION_STATE_TO_PB.items()}
RUN_MODE_FROM_PB = {number: member for member, number in RUN_MODE_TO_PB.items()}
BOT_STATE_FROM_PB = {number: member for member, number in BOT_STATE_TO_PB.items()}
REASON_FROM_PB = {number: member for member, number in REASON_TO_PB.items()}


def date_range_to_pb(days: DateRange) -> progress_pb2.DateRange:
    return progress_pb2.DateRange(start_date=days.start.isoformat(), end_date=days.end.isoformat())


def date_range_from_pb(message: progress_pb2.DateRange, field: str = "range") -> DateRange:
    """Parse the range that a request has in `field`; raises InvalidInput."""
    fields = (f"{field}.start_date", f"{field}.end_date")
    return date_range(message.start_date, message.end_date, fields)


def item_counts_to_pb(counts: ItemCounts) -> progress_pb2.ItemCounts:
    return progress_pb2.ItemCounts(
        pending=counts.pending,
        processing=counts.processing,
        success=counts.success,
        failed=counts.failed,
        skipped=counts.skipped,
    )


def item_counts_from_pb(message: progress_pb2.ItemCounts) -> ItemCounts:
    return ItemCounts(
        pending=message.pending,
        processing=message.processing,
        success=message.success,
        failed=message.failed,
        skipped=message.skipped,
    )


def wait_to_pb(wait: Wait | None) -> progress_pb2.Wait | None:
    if wait is None:
        return None
    until: Timestamp | None = timestamp(wait.until_at)
    return progress_pb2.Wait(reason=WAIT_REASON_TO_PB[wait.reason], until_time=until)


def cost_to_pb(cost: Cost | None) -> progress_pb2.Cost | None:
    if cost is None:
        return None
    return progress_pb2.Cost(amount=cost.amount, currency=cost.currency)


def cost_from_pb(message: progress_pb2.Cost) -> Cost:
    return Cost(amount=message.amount, currency=message.currency)


def settings_to_pb(settings: ClientSettings) -> progress_pb2.ClientSettings:
    return progress_pb2.ClientSettings(
        time_zone=settings.time_zone,
        source=settings.source,
        playbook=settings.playbook,
        language=settings.language,
        min_success_ratio=settings.min_success_ratio,
        weight=settings.weight,
        left_incoming=settings.left_incoming,
        left_outgoing=settings.left_outgoing,
    )


def settings_from_pb(message: progress_pb2.ClientSettings) -> ClientSettings:
    return ClientSettings(
        time_zone=message.time_zone,
        source=message.source,
        playbook=message.playbook,
        language=message.language,
        min_success_ratio=message.min_success_ratio,
        weight=message.weight,
        left_incoming=message.left_incoming,
        left_outgoing=message.left_outgoing,
    )


def audit_entry_to_pb(entry: AuditEntry) -> audit_pb2.AuditEntry:
    return audit_pb2.AuditEntry(
        actor=entry.actor,
        time=timestamp(entry.at),
        action=AUDIT_ACTION_TO_PB[entry.action],
        owner=entry.owner,
        subject=entry.subject,
        detail=entry.detail,
    )
