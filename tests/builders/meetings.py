"""Meetings whose tasks are looked for; valid, with defaults."""

from datetime import date

from services.recommendations.meetings.domain import (
    BotId,
    MeetingTranscript,
    MeetingTurn,
)
from services.status.domain import Owner
from services.transcription.domain import CallId, MeetingMedia
from services.transcription.meeting_text import read_meeting

DAY = date(2026, 11, 26)


def a_meeting(text: str, language: str = "ru") -> MeetingTranscript:
    """Return a meeting as its text is transcribed."""
    transcript = read_meeting(CallId("bot-1"), MeetingMedia(language=language, text=text))
    return MeetingTranscript(
        bot_id=BotId("bot-1"),
        owner=Owner("user:anna"),
        day=DAY,
        language=language,
        turns=tuple(
            MeetingTurn(speaker=segment.name, text=segment.text) for segment in transcript.segments
        ),
    )
