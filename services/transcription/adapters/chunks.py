"""A recording split into chunks, each of which is sent to a speech server by itself."""

from dataclasses import dataclass

from services.transcription.domain import Speaker


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A stretch of one voice as a FLAC file, which begins `start_seconds` into the recording and lasts `seconds`.

    Its `size` bytes begin at `offset` in the file of all chunks.
    """

    speaker: Speaker
    start_seconds: float
    seconds: float
    offset: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRecording:
    """A recording that was split; `speakers` are all who have a channel, also those who say nothing."""

    channels: int
    duration_seconds: float
    told_seconds: float
    speakers: tuple[Speaker, ...]
    chunks: tuple[Chunk, ...]
