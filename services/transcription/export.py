"""Transcripts as files for people and programs: text, subtitles, JSON. Pure functions.

Sources: SubRip as players read it; WebVTT, https://www.w3.org/TR/webvtt1/; line length and reading
time of subtitles, BBC Subtitle Guidelines.
"""

import enum
import html
import json
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from services.transcription.domain import (
    NoTimes,
    Segment,
    Speaker,
    StoredTranscript,
    Transcript,
    Word,
)

LINE_CHARACTERS = 42
CUE_LINES = 2
CUE_SECONDS = 7.0
"""How long a cue may be shown; a single word may last longer."""


class ExportFormat(enum.Enum):
    """What a transcript is written as; the value is the ending of the file."""

    TEXT = "txt"
    SRT = "srt"
    VTT = "vtt"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A file: its text, its media type, and a name that any file system takes."""

    content: str
    content_type: str
    file_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubtitleCue:
    """A piece of a turn that fits on a screen; times are in milliseconds, `speaker` is empty where unknown."""

    speaker: str
    start: int
    end: int
    text: str


def export(stored: StoredTranscript, form: ExportFormat) -> Export:
    """Return the transcript, with its words, as a file; raises NoTimes for subtitles of a text."""
    segments = stored.transcript.segments
    timed = not segments or any(segment.words for segment in segments)
    if not timed and form in (ExportFormat.SRT, ExportFormat.VTT):
        raise NoTimes("the meeting came as a text without times: export it as text or as JSON")
    match form:
        case ExportFormat.TEXT:
            content = _notes(stored.transcript) + _text(segments, timed=timed)
            content_type = "text/plain; charset=utf-8"
        case ExportFormat.SRT:
            content, content_type = _srt(segments), "application/x-subrip; charset=utf-8"
        case ExportFormat.VTT:
            content, content_type = _vtt(segments), "text/vtt; charset=utf-8"
        case ExportFormat.JSON:
            content, content_type = _json(stored), "application/json"
        case _:
            assert_never(form)
    name = re.sub(r"[^\w.-]|^\.", "_", stored.transcript.call_id)
    return Export(content=content, content_type=content_type, file_name=f"{name}.{form.value}")


def cues(segments: tuple[Segment, ...]) -> list[SubtitleCue]:
    """Return the turns in pieces that can be read, ordered by start.

    Those of one speaker never overlap; those of two do where both speak.
    """
    free: dict[str, int] = {}
    found: list[SubtitleCue] = []
    for segment in segments:
        speaker = _speaker(segment)
        for words in _pieces(segment):
            start = max(round(words[0].start * 1000), free.get(speaker, 0))
            end = max(round(max(word.end for word in words) * 1000), start + 1)
            free[speaker] = end
            found.append(SubtitleCue(speaker=speaker, start=start, end=end, text=_line(words)))
    return sorted(found, key=lambda cue: cue.start)


def _pieces(segment: Segment) -> Iterator[list[Word]]:
    speaker = _speaker(segment)
    piece: list[Word] = []
    for word in segment.words:
        # A word without a blank before it belongs to the word before: "15", "-30".
        if piece and word.text.startswith(" ") and not _fits(speaker, [*piece, word]):
            yield piece
            piece = []
        piece.append(word)
    if piece:
        yield piece


def _fits(speaker: str, words: list[Word]) -> bool:
    lines = _wrapped(_label(speaker) + _line(words))
    return len(lines) <= CUE_LINES and words[-1].end - words[0].start <= CUE_SECONDS


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, LINE_CHARACTERS, break_on_hyphens=False)


def _line(words: list[Word]) -> str:
    return " ".join("".join(word.text for word in words).split())


def _speaker(segment: Segment) -> str:
    """Return who speaks, in a meeting by name; empty where nobody knows."""
    if segment.name:
        return " ".join(segment.name.split())
    return "" if segment.speaker is Speaker.UNKNOWN else segment.speaker.value


def _label(speaker: str) -> str:
    return f"{speaker}: " if speaker else ""


def _notes(transcript: Transcript) -> str:
    """Return a line for each thing that readers of a transcript must know."""
    guessed = "who speaks is guessed by what is said" if transcript.speakers_guessed else ""
    others = ", ".join(sorted({each.language for each in transcript.languages}))
    language = f"heard in {others}" if "," in others or others != transcript.language else ""
    notes = (transcript.incomplete, language, transcript.unsure_language, guessed)
    return "".join(f"[{note}]\n" for note in notes if note)


def _text(segments: tuple[Segment, ...], *, timed: bool) -> str:
    return "".join(
        (f"[{_clock(round(s.start_seconds * 1000))[:8]}] " if timed else "")
        + f"{_label(_speaker(s))}{s.text}\n"
        for s in segments
    )


def _srt(segments: tuple[Segment, ...]) -> str:
    return "\n".join(
        f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n"
        + "".join(f"{line}\n" for line in _wrapped(_plain(_label(cue.speaker) + cue.text)))
        for number, cue in enumerate(cues(segments), 1)
    )


def _vtt(segments: tuple[Segment, ...]) -> str:
    return "WEBVTT\n" + "".join(
        f"\n{_clock(cue.start)} --> {_clock(cue.end)}\n{_voice(cue.speaker)}"
        + "".join(f"{html.escape(line, quote=False)}\n" for line in _wrapped(cue.text))
        for cue in cues(segments)
    )


def _voice(speaker: str) -> str:
    return f"<v {html.escape(speaker, quote=False)}>" if speaker else ""


def _plain(text: str) -> str:
    """Return the text without what SubRip would take for the times of a cue."""
    return text.replace("-->", "→")


def _clock(milliseconds: int, mark: str = ".") -> str:
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{mark}{milliseconds:03}"


def _json(stored: StoredTranscript) -> str:
    transcript = stored.transcript
    content = {
        "call_id": transcript.call_id,
        "language": transcript.language,
        "duration_seconds": round(transcript.duration_seconds, 3),
        "told_seconds": round(transcript.told_seconds, 3),
        "channels": transcript.channels,
        "overlap_reliable": transcript.overlap_reliable,
        "speakers_guessed": transcript.speakers_guessed,
        "languages": [
            {
                "speaker": heard.speaker.value,
                "language": heard.language,
                "probability": round(heard.probability, 3),
                "word_probability": round(heard.word_probability, 3),
                "words": heard.words,
                "unsure": heard.unsure,
            }
            for heard in transcript.languages
        ],
        "model": transcript.model,
        "created_at": stored.created_at.isoformat(),
        "segments": [
            {
                "speaker": segment.speaker.value,
                "speaker_name": segment.name,
                "start_seconds": round(segment.start_seconds, 3),
                "end_seconds": round(segment.end_seconds, 3),
                "text": segment.text,
                "language": segment.language,
                "words": [
                    {
                        "start_seconds": round(word.start, 3),
                        "end_seconds": round(word.end, 3),
                        "text": word.text,
                        "probability": round(word.probability, 3),
                    }
                    for word in segment.words
                ],
            }
            for segment in transcript.segments
        ],
    }
    return json.dumps(content, ensure_ascii=False) + "\n"
