"""The words of the transcription service: errors that travel between processes."""

import pickle

import pytest

from services.status.domain import RETRYABLE, Reason
from services.transcription.domain import (
    BadAudio,
    BadTranscript,
    EmptyFile,
    EngineClosed,
    EngineFailed,
    EngineRefused,
    EngineUnavailable,
    NoSpeech,
    NotTranscribed,
    RecognitionTimedOut,
    RecordingGone,
    RecordingTooLarge,
    RecordingTooLong,
    RecordingUnavailable,
    TooShort,
    UnknownLanguage,
    WorkerDied,
)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (NoSpeech, Reason.NO_SPEECH),
        (TooShort, Reason.TOO_SHORT),
        (BadAudio, Reason.BAD_AUDIO),
        (EmptyFile, Reason.BAD_AUDIO),
        (UnknownLanguage, Reason.INVALID_INPUT),
        (RecordingGone, Reason.RECORDING_MISSING),
        (RecordingTooLarge, Reason.TOO_LARGE),
        (RecordingTooLong, Reason.TOO_LARGE),
        (RecordingUnavailable, Reason.UPSTREAM_UNAVAILABLE),
        (EngineUnavailable, Reason.UPSTREAM_UNAVAILABLE),
        (EngineClosed, Reason.ACCESS_DENIED),
        (EngineRefused, Reason.INVALID_INPUT),
        (BadTranscript, Reason.BAD_ANSWER),
        (WorkerDied, Reason.WORKER_DIED),
        (RecognitionTimedOut, Reason.TIMEOUT),
    ],
)
def test_error_keeps_its_reason_and_text_between_processes(
    error: type[NotTranscribed], reason: Reason
) -> None:
    copy = pickle.loads(pickle.dumps(error("because")))
    assert (type(copy), copy.reason, str(copy)) == (error, reason, "because")


def test_only_failures_of_the_engine_are_tried_again() -> None:
    leaves = (
        NoSpeech,
        TooShort,
        BadAudio,
        EmptyFile,
        UnknownLanguage,
        WorkerDied,
        RecognitionTimedOut,
    )
    assert {leaf for leaf in leaves if leaf.reason in RETRYABLE} == {
        leaf for leaf in leaves if issubclass(leaf, EngineFailed)
    }
