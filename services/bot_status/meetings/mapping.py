"""Meetings and their recordings in protobuf. Pure functions."""

from potok.bot_status.v1 import meeting_pb2

from services.bot_status.meetings.domain import MeetingMedia
from services.kernel.rpc.convert import timestamp
from services.recordings.domain import Recording


def meeting_to_pb(meeting: MeetingMedia) -> meeting_pb2.Meeting:
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
