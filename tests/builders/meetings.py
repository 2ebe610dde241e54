"""Meetings whose tasks are looked for; valid, with defaults."""

from collections.abc import Iterable
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
    return turns_of(((segment.name, segment.text) for segment in transcript.segments), language)


def turns_of(turns: Iterable[tuple[str, str]], language: str = "ru") -> MeetingTranscript:
    """Return a meeting of turns, each of a speaker and what they say."""
    return MeetingTranscript(
        bot_id=BotId("bot-1"),
        owner=Owner("user:anna"),
        day=DAY,
        language=language,
        turns=tuple(MeetingTurn(speaker=speaker, text=text) for speaker, text in turns),
    )
