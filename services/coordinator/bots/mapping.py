"""The messages of bots to the domain and back; the records of browsers are as the original document prints them."""

from datetime import UTC, date, datetime
from typing import Any

from google.protobuf import struct_pb2
from potok.coordinator.v1 import bot_pb2
from potok.recommendations.v1 import meeting_tasks_pb2

from services.coordinator.state.bot import (
    BotId,
    BotRecord,
    BotReport,
    MeetingResult,
    MeetingTask,
)
from services.coordinator.state.reports import Verdict
from services.coordinator.wire.reports import VERDICT_TO_PB
from services.kernel.errors import InvalidInput
from services.status.domain import BotState, Owner
from services.status.mapping import BOT_STATE_FROM_PB, BOT_STATE_TO_PB

_NULL = struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)


def bot_report_from_pb(message: bot_pb2.BotReport) -> BotReport:
    """Convert a report; raises InvalidInput where its day is not a date."""
    try:
        day = date.fromisoformat(message.day)
    except ValueError:
        raise InvalidInput(f"reports.day: {message.day!r} is no date, write YYYY-MM-DD") from None
    return BotReport(
        bot_id=BotId(message.bot_id),
        owner=Owner(message.owner),
        sequence=message.sequence,
        state=BOT_STATE_FROM_PB[message.state],
        detail=message.detail,
        error_message=message.error_message,
        media_ready=message.media_ready,
        meet_url=message.meet_url,
        bot_name=message.bot_name,
        day=day,
        time_zone=message.time_zone,
        language=message.language,
    )


def bot_verdict_to_pb(verdict: Verdict, state: BotState) -> bot_pb2.BotVerdict:
    return bot_pb2.BotVerdict(verdict=VERDICT_TO_PB[verdict], state=BOT_STATE_TO_PB[state])


def bot_state_name(state: BotState) -> str:
    """Return a state as browsers and the service that runs bots name it."""
    return state.value.lower()


def bot_record_fields(record: BotRecord) -> dict[str, Any]:
    """Return the fields of the record that browsers read, in the order of the document."""
    bot = record.bot
    return {
        "bot_id": bot.bot_id,
        "status": bot_state_name(bot.state),
        "user_id": bot.owner.removeprefix("user:"),
        "created_at": _moment(bot.created_at),
        "updated_at": _moment(bot.updated_at),
        "error_message": _text(bot.error_message),
        "session_id": _text(record.session_id),
        "result_data": _result(record.result) if record.result else _NULL,
        **({"detail": _text(bot.detail)} if bot.detail else {}),
    }


def _moment(at: datetime) -> str:
    """Return a moment as `2025-11-26T10:00:00.000Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(text: str) -> struct_pb2.Value:
    return struct_pb2.Value(string_value=text) if text else _NULL


def _result(result: MeetingResult) -> struct_pb2.Value:
    tasks = [
        {
            "title": task.title,
            "description": task.description,
            "assignee": task.assignee or None,
            "due_date": task.due_date or None,
            "priority": task.priority,
            "quote": task.quote,
        }
        for task in result.tasks
    ]
    value = struct_pb2.Value()
    value.struct_value.update({"tasks": tasks, "summary": result.summary})
    return value


def meeting_result_from_pb(message: meeting_tasks_pb2.MeetingTasks) -> MeetingResult:
    return MeetingResult(
        tasks=tuple(
            MeetingTask(
                title=task.title,
                description=task.description,
                assignee=task.assignee,
                due_date=task.due_date,
                priority=task.priority,
                quote=task.quote,
            )
            for task in message.tasks
        ),
        summary=message.summary,
    )
