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
    RecordingMissing,
    RecordingTooLarge,
    RecordingUnavailable,
    Segment,
    Speaker,
    TimedOut,
    TooShort,
    Transcript,
    UnknownLanguage,
    WorkerDied,
)


def test_transcript_text_names_the_speakers_it_knows() -> None:
    said = ((Speaker.OPERATOR, "Алло."), (Speaker.CLIENT, "Это гараж?"), (Speaker.UNKNOWN, "Э"))
    transcript = Transcript(
        call_id=CallId("c1"),
        language="ru",
        duration_seconds=3.0,
        channels=2,
        overlap_reliable=True,
        model="whisper-base@0",
        segments=tuple(
            Segment(speaker=who, start_seconds=0.0, end_seconds=1.0, text=text)
            for who, text in said
        ),
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
        (RecordingMissing, Reason.RECORDING_MISSING),
        (RecordingTooLarge, Reason.TOO_LARGE),
        (RecordingUnavailable, Reason.UPSTREAM_UNAVAILABLE),
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
