"""Bots and meetings in protobuf and back. Pure functions."""

from typing import Any

from potok.bot_status.v1 import meeting_pb2
from potok.coordinator.v1 import bot_pb2, report_pb2

from services.bot_status.domain import Bot, Meeting, Observation, Verdict
from services.bot_status.ports import Judged
from services.kernel.rpc.convert import enum_pairs, timestamp
from services.recordings.domain import Recording
from services.status.domain import BotState
from services.status.mapping import BOT_STATE_FROM_PB, BOT_STATE_TO_PB

VERDICT_TO_PB = enum_pairs(Verdict, report_pb2.Verdict, "VERDICT")
VERDICT_FROM_PB = {number: member for member, number in VERDICT_TO_PB.items()}


def verdict_to_pb(verdict: Verdict | None) -> Any:
    return VERDICT_TO_PB[verdict] if verdict else report_pb2.VERDICT_UNSPECIFIED


def _state_to_pb(state: BotState | None) -> Any:
    return BOT_STATE_TO_PB[state] if state else 0


def report_to_pb(bot: Bot) -> bot_pb2.BotReport:
    failed = bot.failure if bot.state is BotState.ERROR else ""  # one that is held back is not told
    return bot_pb2.BotReport(
        bot_id=bot.bot_id or "",
        owner=bot.wish.owner,
        sequence=bot.sequence,
        state=BOT_STATE_TO_PB[bot.state],
        detail=bot.detail,
        error_message=failed,
        media_ready=bot.media_ready,
        meet_url=bot.wish.meet_url,
        bot_name=bot.wish.bot_name,
        day=bot.day.isoformat(),
        time_zone=bot.time_zone,
        language=bot.wish.language,
    )


def judged_from_pb(bot: Bot, message: bot_pb2.BotVerdict) -> Judged:
    """Return what the coordinator says of the report of a bot."""
    return Judged(
        intent_id=bot.wish.intent_id,
        sequence=bot.sequence,
        verdict=VERDICT_FROM_PB.get(message.verdict),
        state=BOT_STATE_FROM_PB.get(message.state, bot.known_state),
    )


def observation_to_pb(observation: Observation) -> bot_pb2.BotObservation:
    return bot_pb2.BotObservation(
        number=observation.number,
        source=observation.source.value,
        raw_status=observation.raw_status,
        state=_state_to_pb(observation.state),
        verdict=verdict_to_pb(observation.verdict),
        message=observation.message,
        time=timestamp(observation.first_at),
        times=observation.times,
        last_time=timestamp(observation.last_at),
    )


def meeting_to_pb(meeting: Meeting) -> meeting_pb2.Meeting:
    bot = meeting.bot
    return meeting_pb2.Meeting(
        bot_id=bot.bot_id or "",
        owner=bot.wish.owner,
        day=bot.day.isoformat(),
        time_zone=bot.time_zone,
        language=bot.wish.language,
        start_time=timestamp(bot.joined_at),
        text=meeting.media.text,
        speakers=[
            meeting_pb2.SpokenInterval(
                speaker_name=each.speaker_name,
                start_seconds=each.start_seconds,
                end_seconds=each.end_seconds,
            )
            for each in meeting.media.speakers
        ],
    )


def recording_to_pb(recording: Recording) -> meeting_pb2.MeetingRecording:
    return meeting_pb2.MeetingRecording(
        sha256=recording.sha256,
        size_bytes=recording.size_bytes,
        content_type=recording.content_type,
    )
