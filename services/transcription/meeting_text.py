"""A meeting that came as a text, as a transcript: a turn for each `Name: …` or paragraph. Pure."""

import re
from collections.abc import Iterator

from services.transcription.domain import (
    CallId,
    MeetingMedia,
    NoSpeech,
    RecordingTooLarge,
    Segment,
    Speaker,
    Transcript,
)

MODEL = "text"
"""The model of such a transcript, in which no speech model had a part."""
MOST_TURNS = 20_000
LONGEST_TURN = 1_000
"""Characters of a paragraph that stay in one turn; a longer one is cut at sentences."""

# An optional time as transcripts have it, marks of Markdown, up to four words that look like a name, perhaps with
# a role in parentheses.
_NAMED = re.compile(
    r"""^\s*(?:[\[(]?\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?[\])]?\s*[-–—]?\s*)?
        [*_]*(?P<name>[^\W\d_][\w.'’-]*(?:\s+[\w.'’-]+){0,3})\s*(?:\([^)]{1,60}\))?[*_]*\s*:[*_]*
        (?=\s|$)""",
    re.VERBOSE,
)
_LONGEST_NAME = 60
_HEAD = 200
"""Characters of a line in which a name is looked for."""
_NO_NAMES = frozenset(
    """
    итак вопрос ответ решили решение решения итого итог итоги важно повестка тема задача задачи срок
    сроки примечание например далее agenda question answer decision decisions summary note notes
    topic task tasks todo action actions deadline example so important
    """.split()
)
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
    for line in text.splitlines():
        if not line.strip():
            continue
        speaker, said = _split_name(line)
        name = speaker or name  # what follows a named line without a name goes on with it
        for piece in _pieces(said):
            count += 1
            if count > MOST_TURNS:
                raise RecordingTooLarge(f"the text of the meeting has more than {MOST_TURNS} turns")
            yield Segment(
                speaker=Speaker.UNKNOWN, start_seconds=0.0, end_seconds=0.0, text=piece, name=name
            )


def _split_name(line: str) -> tuple[str, str]:
    """Return who speaks in a line, empty where it does not say, and what."""
    line = line.strip()
    match = _NAMED.match(line[:_HEAD])
    if match is None or not _is_name(match["name"]):
        return "", line
    return " ".join(match["name"].split()), line[match.end() :].strip()


def _is_name(text: str) -> bool:
    """Tell a name by its capitals: `Анна Петрова`, `Speaker 1`, `ПМ`, but not `Итак` or `Вот что важно`."""
    words = text.split()
    if len(text) > _LONGEST_NAME or words[0].lower() in _NO_NAMES:
        return False
    return all(word[0].isupper() or word[0].isdigit() for word in words)


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
