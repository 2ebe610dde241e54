"""The words of the transcription service: texts, and errors that travel between processes."""

import pickle

import pytest

from services.status.domain import RETRYABLE, Reason
from services.transcription.domain import (
    BadAudio,
    CallId,
    EmptyFile,
    EngineFailed,
    NoSpeech,
    NotTranscribed,
    Segment,
    Speaker,
    TimedOut,
    TooShort,
    Transcript,
    UnknownLanguage,
    Word,
    WorkerDied,
)


def a_word(text: str, start: float = 0.0, end: float | None = None) -> Word:
    return Word(start=start, end=start + 0.2 if end is None else end, text=text, probability=0.9)


def test_segment_text_keeps_numbers_that_come_in_parts_together() -> None:
    words = tuple(a_word(text) for text in (" завтра", " в", " 15", "-30."))
    assert Segment(speaker=Speaker.CLIENT, words=words).text == "завтра в 15-30."


def test_segment_lasts_from_its_first_word_to_the_latest_end() -> None:
    words = (a_word(" раз", 1.0, 3.0), a_word(" два", 2.0, 2.5))
    segment = Segment(speaker=Speaker.CLIENT, words=words)
    assert (segment.start_seconds, segment.end_seconds) == (1.0, 3.0)


def test_transcript_text_names_the_speakers_it_knows() -> None:
    said = ((Speaker.OPERATOR, " Алло."), (Speaker.CLIENT, " Это гараж?"), (Speaker.UNKNOWN, " Э"))
    transcript = Transcript(
        call_id=CallId("c1"),
        language="ru",
        duration_seconds=3.0,
        channels=2,
        overlap_reliable=True,
        model="whisper-base@0",
        segments=tuple(Segment(speaker=who, words=(a_word(text),)) for who, text in said),
    )
    assert transcript.text == "operator: Алло.\nclient: Это гараж?\nЭ"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (NoSpeech, Reason.NO_SPEECH),
        (TooShort, Reason.TOO_SHORT),
        (BadAudio, Reason.BAD_AUDIO),
        (EmptyFile, Reason.BAD_AUDIO),
        (UnknownLanguage, Reason.INVALID_INPUT),
        (WorkerDied, Reason.WORKER_DIED),
        (TimedOut, Reason.TIMEOUT),
    ],
)
def test_error_keeps_its_reason_and_text_between_processes(
    error: type[NotTranscribed], reason: Reason
) -> None:
    copy = pickle.loads(pickle.dumps(error("because")))
    assert (type(copy), copy.reason, str(copy)) == (error, reason, "because")


def test_only_failures_of_the_engine_are_tried_again() -> None:
    leaves = (NoSpeech, TooShort, BadAudio, EmptyFile, UnknownLanguage, WorkerDied, TimedOut)
    assert {leaf for leaf in leaves if leaf.reason in RETRYABLE} == {
        leaf for leaf in leaves if issubclass(leaf, EngineFailed)
    }
