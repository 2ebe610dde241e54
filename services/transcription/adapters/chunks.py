"""A recording taken apart for a model behind a URL: what of it is sent, and what each part is."""

from dataclasses import dataclass

from services.transcription.domain import Speaker


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A stretch of one voice as a FLAC file, which begins `start_seconds` into the recording.

    Its bytes stand from `offset` in the file of all parts, `size` of them.
    """

    speaker: Speaker
    start_seconds: float
    offset: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A recording taken apart; `speakers` are all who have a channel, also those who say nothing."""

    channels: int
    duration_seconds: float
    speakers: tuple[Speaker, ...]
    parts: tuple[Part, ...]
