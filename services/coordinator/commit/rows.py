"""Rows of the coordinator's tables to its domain and back."""

import json
from dataclasses import asdict
from datetime import date
from typing import Any

import asyncpg

from services.coordinator.state.bot import Bot, BotId
from services.coordinator.state.days import Day, DayFigures
from services.coordinator.state.domain import Execution, Run
from services.coordinator.state.pace import earlier_execution
from services.coordinator.state.tenant import EarlierExecution
from services.coordinator.wire.reports import read_progress, read_unchanged_failed
from services.status.domain import (
    AuditAction,
    AuditEntry,
    BotState,
    ClientSettings,
    DateRange,
    ExecutionNumber,
    ExecutionState,
    Owner,
    Reason,
    RunId,
    RunMode,
    RunState,
    Stage,
)


def settings_from_row(row: Any) -> ClientSettings:
    return ClientSettings(
        time_zone=row["time_zone"],
        source=row["source"],
        playbook=row["playbook"],
        language=row["language"],
        min_success_ratio=row["min_success_ratio"],
        weight=row["weight"],
        left_incoming=row.get("left_incoming", ""),
        left_outgoing=row.get("left_outgoing", ""),
    )


def run_from_row(row: asyncpg.Record) -> Run:
    return Run(
        run_id=RunId(str(row["run_id"])),
        owner=Owner(row["owner"]),
        client_id=row["client_id"],
        range=DateRange(start=row["start_date"], end=row["end_date"]),
        first_stage=Stage(row["first_stage"]),
        last_stage=Stage(row["last_stage"]),
        mode=RunMode(row["mode"]),
        settings=settings_from_row(json.loads(row["settings"])),
        actor=row["actor"],
        created_at=row["created_at"],
        state=RunState(row["state"]),
        stage=Stage(row["stage"]),
        reason=Reason(row["reason"]) if row["reason"] else None,
        message=row["message"],
        retry_of=RunId(str(row["retry_of"])) if row["retry_of"] else None,
        bot_id=row["bot_id"],
        cancelled_by=row["cancelled_by"],
        cancelling_at=row["cancelling_at"],
        ended_at=row["ended_at"],
    )


def run_to_row(run: Run) -> dict[str, object]:
    return {
        "run_id": run.run_id,
        "owner": run.owner,
        "client_id": run.client_id,
        "start_date": run.range.start,
        "end_date": run.range.end,
        "first_stage": run.first_stage.value,
        "last_stage": run.last_stage.value,
        "mode": run.mode.value,
        "state": run.state.value,
        "stage": run.stage.value,
        "reason": run.reason.value if run.reason else None,
        "message": run.message,
        "retry_of": run.retry_of,
        "actor": run.actor,
        "settings": json.dumps(asdict(run.settings)),
        "bot_id": run.bot_id,
        "created_at": run.created_at,
        "cancelled_by": run.cancelled_by,
        "cancelling_at": run.cancelling_at,
        "ended_at": run.ended_at,
    }


def execution_from_row(row: asyncpg.Record) -> Execution:
    counts, discovered, *_ = read_progress(row["progress"])
    return Execution(
        number=ExecutionNumber(row["execution"]),
        run_id=RunId(str(row["run_id"])),
        owner=Owner(row["owner"]),
        stage=Stage(row["stage"]),
        mode=RunMode(row["mode"]),
        created_at=row["created_at"],
        state=ExecutionState(row["state"]),
        sequence=row["sequence"],
        progress=row["progress"],
        counts=counts,
        discovered=discovered,
        unchanged_failed=read_unchanged_failed(row["progress"]),
        waiting=row["waiting"],
        items_per_second=row["items_per_second"],
        progressed_at=row["progressed_at"],
        reported_at=row["reported_at"],
        expected_end_at=row["expected_end_at"],
        run_expected_end_at=row["run_expected_end_at"],
        unreachable=row["unreachable"],
        reason=Reason(row["reason"]) if row["reason"] else None,
        message=row["message"],
        cancelling_at=row["cancelling_at"],
        ended_at=row["ended_at"],
        bot_id=row["bot_id"],
        written=ExecutionState(row["state"]),
    )


def execution_to_row(execution: Execution) -> dict[str, object]:
    return {
        "execution": execution.number,
        "run_id": execution.run_id,
        "owner": execution.owner,
        "stage": execution.stage.value,
        "mode": execution.mode.value,
        "state": execution.state.value,
        "sequence": execution.sequence,
        "progress": execution.progress,
        "waiting": execution.waiting,
        "items_per_second": execution.items_per_second,
        "reason": execution.reason.value if execution.reason else None,
        "message": execution.message,
        "unreachable": execution.unreachable,
        "created_at": execution.created_at,
        "progressed_at": execution.progressed_at,
        "reported_at": execution.reported_at,
        "expected_end_at": execution.expected_end_at,
        "run_expected_end_at": execution.run_expected_end_at,
        "cancelling_at": execution.cancelling_at,
        "ended_at": execution.ended_at,
    }


def audit_entry_from_row(row: Any) -> AuditEntry:
    return AuditEntry(
        actor=row["actor"],
        action=AuditAction(row["action"]),
        owner=row["owner"],
        subject=row["subject"],
        detail=row["detail"],
        at=row["at"],
        number=row["number"],
    )


def earlier_from_row(row: asyncpg.Record) -> EarlierExecution | None:
    """Return what an ended execution tells of later ones; None where it had nothing to do."""
    counts, _, _, details = read_progress(row["progress"])
    return earlier_execution(counts, details.ended_length, row["ended_at"] - row["created_at"])


def day_from_row(row: asyncpg.Record) -> Day:
    day: date = row["day"]
    return Day(
        owner=Owner(row["owner"]),
        stage=Stage(row["stage"]),
        day=day.isoformat(),
        version=row["version"],
        seen_version=max(row["version"], row["seen_version"]),
        figures=DayFigures(*(row[name] for name in DayFigures._fields)),
        covered_at=row["covered_at"],
    )


def bot_from_row(row: asyncpg.Record) -> Bot:
    return Bot(
        bot_id=BotId(row["bot_id"]),
        owner=Owner(row["owner"]),
        state=BotState(row["state"]),
        detail=row["detail"],
        error_message=row["error_message"],
        meet_url=row["meet_url"],
        bot_name=row["bot_name"],
        sequence=row["sequence"],
        run_id=RunId(str(row["run_id"])) if row["run_id"] else None,
        day=row["day"],
        time_zone=row["time_zone"],
        language=row["language"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        updated_at=row["updated_at"],
        stored=True,
    )


def bot_to_row(bot: Bot) -> dict[str, object]:
    """Return the columns of a bot that may change."""
    return {
        "bot_id": bot.bot_id,
        "state": bot.state.value,
        "detail": bot.detail,
        "error_message": bot.error_message,
        "meet_url": bot.meet_url,
        "bot_name": bot.bot_name,
        "sequence": bot.sequence,
        "run_id": bot.run_id,
        "day": bot.day,
        "time_zone": bot.time_zone,
        "language": bot.language,
        "changed_at": bot.changed_at,
        "updated_at": bot.updated_at,
    }
