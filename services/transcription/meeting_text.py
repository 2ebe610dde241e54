"""A meeting that came as a text, as a transcript: a turn for each `Name: …`, cue of subtitles or paragraph. Pure."""

import re
from collections.abc import Iterator
from unicodedata import normalize

from services.transcription.domain import (
    CallId,
    MeetingMedia,
    NoSpeech,
    RecordingTooLarge,
    Segment,
    Speaker,
    Transcript,
)
from services.transcription.speaker_labels import (
    SpeakerLabels,
    comes_back,
    is_name,
    joined,
    written,
)
from services.transcription.subtitles import cues, is_subtitles

MODEL = "text"
"""The model of such a transcript, in which no speech model had a part."""
MOST_TURNS = 20_000
LONGEST_TURN = 1_000
"""Characters of a paragraph that stay in one turn; a longer one is cut at sentences."""

_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_DECOMPOSED = re.compile("[A-Za-zЀ-ӿ][\u0300-\u036f]+")
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")


def read_meeting(call_id: CallId, meeting: MeetingMedia) -> Transcript:
    """Return the text of a meeting as its transcript; raises NoSpeech, RecordingTooLarge."""
    turns = tuple(_turns(meeting.text))
    if not any(character.isalnum() for turn in turns for character in turn.text):
        raise NoSpeech("the text of the meeting has no words")
    return Transcript(
        call_id=call_id,
        language=meeting.language,
        duration_seconds=0.0,
        channels=1,
        overlap_reliable=False,
        model=MODEL,
        segments=turns,
    )


def _turns(text: str) -> Iterator[Segment]:
    name, count = "", 0
    text = _DECOMPOSED.sub(lambda found: normalize("NFC", found[0]), _UNSEEN.sub("", text))
    for speaker, said in _cues(text) if is_subtitles(text) else _lines(text):
        name = written(speaker) or name  # what follows a named line without a name goes on with it
        for piece in _pieces(said):
            count += 1
            if count > MOST_TURNS:
                raise RecordingTooLarge(f"the text of the meeting has more than {MOST_TURNS} turns")
            yield Segment(
                speaker=Speaker.UNKNOWN, start_seconds=0.0, end_seconds=0.0, text=piece, name=name
            )


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Yield who speaks in each line, empty where it does not say, and what."""
    lines = joined(text.splitlines())
    labels = SpeakerLabels(lines)
    yield from map(labels.split, lines)


def _cues(text: str) -> Iterator[tuple[str, str]]:
    """Yield who speaks in subtitles and what: by their tags, by names with a colon, or by lines of names alone."""
    found = list(cues(text))
    labels = SpeakerLabels([line for cue in found for _, line in cue])
    titled = all(len(cue) > 1 and is_name(cue[0][1]) for cue in found) and comes_back(
        cue[0][1] for cue in found
    )
    for cue in found:
        (first, line), *rest = [(cue[0][1], ""), *cue[1:]] if titled else cue
        speaker, said = (first, line) if first else labels.split(line)
        for name, more in rest:
            named, words = (name, more) if name else labels.split(more)
            if named:
                yield speaker, said
                speaker, said = named, words
            else:
                said = f"{said} {words}".strip()
        yield speaker, said


def _pieces(text: str) -> Iterator[str]:
    """Cut a long paragraph at its sentences, and what is longer still at its words."""
    piece = ""
    for part in _SENTENCE_END.split(" ".join(text.split())):
        for sentence in _cut(part):
            if piece and len(piece) + len(sentence) >= LONGEST_TURN:
                yield piece
                piece = ""
            piece = f"{piece} {sentence}" if piece else sentence
    if piece:
        yield piece


def _cut(sentence: str) -> Iterator[str]:
    while len(sentence) > LONGEST_TURN:
        end = sentence.rfind(" ", 1, LONGEST_TURN)
        end = LONGEST_TURN if end < 0 else end
        yield sentence[:end]
        sentence = sentence[end:].lstrip()
    if sentence:
        yield sentence
