"""What is said in a recording, by whom and when, and why a recording may give no text."""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import NewType, assert_never

from services.kernel.errors import NotFound, WrongState
from services.status.domain import Owner, Reason

CallId = NewType("CallId", str)


class TranscriptNotFound(NotFound):
    """The call has no transcript."""


class NoTimes(WrongState):
    """The transcript came without times."""


class NotTranscribed(Exception):
    """A recording gave no transcript; `reason` is that of its item, the text is for people."""

    reason: Reason


class NothingToTranscribe(NotTranscribed):
    """The recording is sound but holds no conversation: its item is skipped."""


class NoSpeech(NothingToTranscribe):
    """Nobody says anything that can be made out."""

    reason = Reason.NO_SPEECH


class TooShort(NothingToTranscribe):
    """The recording is too short to hold a conversation."""

    reason = Reason.TOO_SHORT


class BadAudio(NotTranscribed):
    """The file can never be transcribed as it is: its item fails for good."""

    reason = Reason.BAD_AUDIO


class EmptyFile(BadAudio):
    """The file holds no bytes at all."""


class UnknownLanguage(NotTranscribed):
    """The model does not know the language it is asked for: its item fails for good."""

    reason = Reason.INVALID_INPUT


class RecordingGone(NotTranscribed):
    """There is no recording of the call any more: its item fails for good."""

    reason = Reason.RECORDING_MISSING


class RecordingTooLarge(NotTranscribed):
    """The recording has more bytes than are taken: its item fails for good."""

    reason = Reason.TOO_LARGE


class RecordingTooLong(RecordingTooLarge):
    """The recording lasts longer than is allowed: its item fails for good."""


class RecordingRefused(NotTranscribed):
    """There will never be a recording, for the reason that comes with the refusal: its item fails for good."""

    def __init__(self, message: str, reason: Reason) -> None:
        super().__init__(message)
        self.reason = reason


class RecordingUnavailable(NotTranscribed):
    """The recording cannot be had at the moment: trying again may help."""

    reason = Reason.UPSTREAM_UNAVAILABLE


class EngineFailed(NotTranscribed):
    """The engine, not the recording, is at fault: trying again may help."""


class WorkerDied(EngineFailed):
    """The process that worked on the recording ended before it was done."""

    reason = Reason.WORKER_DIED


class RecognitionTimedOut(EngineFailed):
    """The recording took longer than it may."""

    reason = Reason.TIMEOUT


class EngineUnavailable(EngineFailed):
    """The engine does not answer at the moment; `retry_after` is the least pause it asked for."""

    reason = Reason.UPSTREAM_UNAVAILABLE

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class EngineClosed(NotTranscribed):
    """The engine lets nobody in with the key it is given: only a person can mend it."""

    reason = Reason.ACCESS_DENIED


class EngineRefused(NotTranscribed):
    """The engine will not take the recording: its item fails for good."""

    reason = Reason.INVALID_INPUT


class BadTranscript(NotTranscribed):
    """What the engine answered is no transcript with times: its item fails for good."""

    reason = Reason.BAD_ANSWER


class Speaker(enum.Enum):
    """Whose voice it is; UNKNOWN where one channel carries everybody."""

    OPERATOR = "operator"
    CLIENT = "client"
    UNKNOWN = "unknown"


class LeftChannel(enum.Enum):
    """Who is on the left channel of calls in stereo, by their part in the business or in the call."""

    OPERATOR = "operator"
    CLIENT = "client"
    CALLER = "caller"
    CALLEE = "callee"

    def speaker(self, *, outgoing: bool) -> Speaker:
        """Return whose voice it is in a call that the employee placed, or the other side."""
        match self:
            case LeftChannel.OPERATOR:
                return Speaker.OPERATOR
            case LeftChannel.CLIENT:
                return Speaker.CLIENT
            case LeftChannel.CALLER:
                return Speaker.OPERATOR if outgoing else Speaker.CLIENT
            case LeftChannel.CALLEE:
                return Speaker.CLIENT if outgoing else Speaker.OPERATOR
        assert_never(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedRecording:
    """A recording in a file, whether the employee placed the call, and its language, which sources do not always say."""

    path: Path
    outgoing: bool = False
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One recognised word.

    `start` and `end` are seconds from the beginning of the recording, `probability` is the
    engine's own, above 0 and up to 1, or 0 where it gives none. `text` keeps the blank before the word
    and the punctuation after it, so that joined words are the sentence in every language, and for
    numbers that come in pieces ("15", "-30").
    """

    start: float
    end: float
    text: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """The words of one voice channel in one language, in the order they were spoken.

    `language`, ISO 639-1, is that in which they were heard, `language_probability` how probable it is that it was spoken,
    by its sound; 0 where nobody looked. `language_unsure` is set where an engine contradicts itself about it. A channel in
    which the language changes has a track for each.
    """

    speaker: Speaker
    words: tuple[Word, ...]
    language: str
    language_probability: float = 0.0
    language_unsure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """What an engine recognised in one recording.

    `language` is the one that was expected; the tracks say which were heard.
    `channels` counts those of the file. `told_seconds` is how long the recording says it is where
    less of it could be heard, since it was cut off; else 0. `overlap_reliable` says that each speaker has a channel
    of their own, so that times at which both speak are real. `model` names the model and the
    hash of its weights (`whisper-base@d01c3014881c`).
    """

    language: str
    duration_seconds: float
    channels: int
    overlap_reliable: bool
    model: str
    tracks: tuple[Track, ...]
    told_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One turn of the dialogue: what one speaker says without a pause.

    It lasts from the beginning of its first word to the latest end; `text` is its words as one
    line. `words` is empty where they were not asked for, and in a meeting that came as a text, which
    has no times. `name` is who speaks in a meeting, where that is known. `language` is the one it was heard in, empty in
    a text.
    """

    speaker: Speaker
    start_seconds: float
    end_seconds: float
    text: str
    words: tuple[Word, ...] = ()
    name: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardLanguage:
    """A language that a voice channel was heard in; the proto says what each field means."""

    speaker: Speaker
    language: str
    probability: float
    word_probability: float
    words: int
    unsure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenInterval:
    """A time during which somebody spoke, in seconds from the start of the recording."""

    speaker_name: str
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingMedia:
    """What there is of a meeting: a text, or else a recording, and who spoke when, where its provider says."""

    language: str
    text: str = ""
    speakers: tuple[SpokenInterval, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """The dialogue of a recorded call or a meeting; the fields shared with Recognition mean the same.

    A meeting has the id of its bot for that of a call. `language` is the one of most words. `speakers_guessed` says
    that who speaks is a guess by what they say.
    """

    call_id: CallId
    language: str
    duration_seconds: float
    channels: int
    overlap_reliable: bool
    model: str
    segments: tuple[Segment, ...]
    told_seconds: float = 0.0
    languages: tuple[HeardLanguage, ...] = ()
    speakers_guessed: bool = False

    @property
    def unsure_language(self) -> str:
        """Which voice may speak another language than it was heard in, for people; empty where all is sure."""
        return "; ".join(
            f"{'one voice' if each.speaker is Speaker.UNKNOWN else 'the ' + each.speaker.value} was heard in "
            f"{each.language}, which may be wrong: language {each.probability:.0%} sure, "
            f"words {each.word_probability:.0%}"
            for each in self.languages
            if each.unsure
        )

    @property
    def incomplete(self) -> str:
        """What is missing of the recording, for people; empty where it was heard whole."""
        if not self.told_seconds:
            return ""
        return (
            f"the recording was cut off: heard {self.duration_seconds:.0f} "
            f"of {self.told_seconds:.0f} seconds"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTranscript:
    """A transcript that is kept, with the owner of its call and when it was made."""

    owner: Owner
    transcript: Transcript
    created_at: datetime
