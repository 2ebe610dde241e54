"""Calls as call_sync has them, and their recordings; valid, with defaults."""

from datetime import UTC, date, datetime
from hashlib import sha256

from services.call_sync.domain import CallFacts, CallId, Direction
from services.recordings.domain import Recording

WAV = b"RIFF\x24\x00\x00\x00WAVEfmt "


def a_call(call_id: str, *, link: str | None = "a.wav", answered: bool = True) -> CallFacts:
    return CallFacts(
        call_id=CallId(call_id),
        day=date(2026, 3, 1),
        started_at=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
        direction=Direction.INCOMING,
        duration_seconds=12.5,
        employee="Анна",
        contact="+79990000000",
        answered=answered,
        recording_link=link,
    )


def a_recording(content: bytes = WAV) -> Recording:
    return Recording(
        sha256=sha256(content).hexdigest(),
        size_bytes=len(content),
        content_type="audio/wav",
        file_name="a.wav",
    )
