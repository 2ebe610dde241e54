"""What was recognised in a recording, and its transcript; valid, with defaults."""

from collections.abc import Iterable
from dataclasses import replace

from potok.transcription.v1 import transcript_pb2

from services.transcription.dialogue import transcript
from services.transcription.domain import (
    CallId,
    Recognition,
    Speaker,
    Track,
    Transcript,
    Word,
)
from tests.builders.analysis import CLINIC


def a_recognition() -> Recognition:
    return Recognition(
        language="ru",
        duration_seconds=3.5,
        channels=2,
        overlap_reliable=True,
        model="whisper-base@d01c3014881c",
        tracks=(
            Track(
                speaker=Speaker.OPERATOR,
                language="ru",
                language_probability=0.9375,
                words=(
                    Word(start=0.25, end=0.5, text=" Добрый", probability=0.875),
                    Word(start=0.5, end=1.0, text=" день.", probability=0.99609375),
                ),
            ),
            Track(
                speaker=Speaker.CLIENT,
                language="ru",
                words=(Word(start=1.5, end=2.0, text=' "Алло?"', probability=0.1),),
            ),
        ),
    )


def a_transcript(call_id: str) -> Transcript:
    return transcript(CallId(call_id), a_recognition())


def without_words(made: Transcript) -> Transcript:
    return replace(made, segments=tuple(replace(segment, words=()) for segment in made.segments))


def a_transcript_message(call_id: str, lines: Iterable[str]) -> transcript_pb2.Transcript:
    """Return a transcript of lines such as `O: Добрый день.`, four seconds each, a second apart."""
    speakers = {"O": transcript_pb2.SPEAKER_OPERATOR, "C": transcript_pb2.SPEAKER_CLIENT}
    return transcript_pb2.Transcript(
        call_id=call_id,
        owner=CLINIC,
        language="ru",
        duration_seconds=60,
        channels=2,
        overlap_reliable=True,
        segments=[
            transcript_pb2.Segment(
                speaker=speakers[line[0]],
                start_seconds=5.0 * index,
                end_seconds=5.0 * index + 4,
                text=line[3:],
            )
            for index, line in enumerate(lines)
        ],
    )
