"""Meetings and their tasks in protobuf and back. Pure functions."""

from datetime import date

from potok.analysis.v1 import meeting_analysis_pb2
from potok.recommendations.v1 import meeting_tasks_pb2 as pb
from potok.transcription.v1 import transcript_pb2

from services.kernel.rpc.convert import moment, timestamp
from services.llm.transcripts import word_starts
from services.recommendations.meetings.domain import (
    BotId,
    Conclusions,
    MeetingTask,
    MeetingTasks,
    MeetingTranscript,
    MeetingTurn,
    Priority,
)
from services.status.domain import Owner, RunId


def meeting_from_pb(transcript: transcript_pb2.Transcript, day: date) -> MeetingTranscript:
    return MeetingTranscript(
        bot_id=BotId(transcript.call_id),
        owner=Owner(transcript.owner),
        day=day,
        language=transcript.language,
        turns=tuple(
            MeetingTurn(speaker=segment.speaker_name, text=segment.text, starts=_starts(segment))
            for segment in transcript.segments
            if segment.text.strip()
        ),
    )


def _starts(segment: transcript_pb2.Segment) -> tuple[tuple[int, float], ...]:
    """Return when the words of a segment begin; nothing of one without times, as in a text."""
    if not segment.end_seconds:
        return ()
    words = ((word.text, word.start_seconds) for word in segment.words)
    return word_starts(segment.text, segment.start_seconds, words)


def conclusions_from_pb(message: meeting_analysis_pb2.MeetingAnalysis) -> Conclusions:
    return Conclusions(
        summary=message.summary, decisions=tuple(each.text for each in message.decisions)
    )


def meeting_tasks_to_pb(meeting: MeetingTasks) -> pb.MeetingTasks:
    return pb.MeetingTasks(
        bot_id=meeting.bot_id,
        owner=meeting.owner,
        session_id=meeting.session_id,
        tasks=[
            pb.MeetingTask(
                title=task.title,
                description=task.description,
                assignee=task.assignee,
                due_date=task.due.isoformat() if task.due else "",
                priority=task.priority.value,
                quote=task.quote,
                quote_speaker_name=task.quote_speaker,
                quote_start_seconds=task.quote_start_seconds,
            )
            for task in meeting.tasks
        ],
        summary=meeting.summary,
        decisions=meeting.decisions,
        judge=meeting.judge,
        create_time=timestamp(meeting.created_at),
        evidence_flags=meeting.evidence_flags,
    )


def meeting_tasks_from_pb(message: pb.MeetingTasks) -> MeetingTasks:
    return MeetingTasks(
        bot_id=BotId(message.bot_id),
        owner=Owner(message.owner),
        session_id=RunId(message.session_id),
        tasks=tuple(
            MeetingTask(
                title=task.title,
                description=task.description,
                assignee=task.assignee,
                due=date.fromisoformat(task.due_date) if task.due_date else None,
                priority=Priority(task.priority),
                quote=task.quote,
                quote_speaker=task.quote_speaker_name,
                quote_start_seconds=task.quote_start_seconds
                if task.HasField("quote_start_seconds")
                else None,
            )
            for task in message.tasks
        ),
        summary=message.summary,
        decisions=tuple(message.decisions),
        judge=message.judge,
        created_at=moment(message.create_time),
        evidence_flags=tuple(message.evidence_flags),
    )
