"""What English sentences talk of, as a later `it`, `them` or `her` may mean."""

import re

from services.recommendations.meetings.adapters.english.names import FIRST_NAMES
from services.recommendations.meetings.adapters.english.words import (
    EMPTY,
    NO_TASK,
    NOT_NAMES,
    OF_THE_MEETING,
)
from services.recommendations.meetings.adapters.sentences import Sentence, Thing

_ARTICLE = "the"
_THING = re.compile(
    r"\b(?:the|an?|our|your|my|his|her|their|those|these|that|two|three|four|five|six|new|next|more|some)\s+(?P<one>(?!(?:was|is|are|were|will|would|can|could|has|had|have|do|did|does|i|we|you|he|she|they|it|to|of|in|s|d|ll|ve)\b)[a-z][\w-]+)(?:\s+(?!is\b|are\b|was\b|were\b|has\b|have\b|had\b|to\b"
    r"|for\b|in\b|on\b|at\b|of\b|by\b|and\b|or\b|so\b|but\b|with\b|from\b|that\b|which\b|we\b|i\b|you\b|they\b|it\b|he\b|she\b|can\b|will\b|would\b|could\b|should\b|still\b|again\b"
    r"|up\b|down\b|back\b|out\b|off\b|over\b|before\b|after\b|as\b|if\b|because\b|when\b|where\b|then\b|now\b|too\b|please\b|needs?\b|the\b|a\b|got\b|just\b|didn\b|isn\b)(?P<two>[a-z][\w-]+))?",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"^(?:(?:right|okay|ok|so|and|next(?:\s+thing)?|what\s+about|what\s+else|anyway|then|now|first|second|one|two|three|four|five)[\s,.:]+)+(?P<what>(?:the\s+)?[a-z]+(?:\s+[a-z]+s)?)(?=[.,:?]|\s+\w+\s+how|\s+how|$)"
    r"|^(?:the\s+)?(?P<alone>[a-z]+\s+?[a-z]*)(?=[.?]$)",
    re.IGNORECASE,
)
"""What is talked of next, as in `Right, consent forms.`"""
_NO_THING = frozenset(
    "thing things way bit lot time times day days week month year hour morning afternoon moment minute minutes one ones kind sort point question idea meeting same other last next first case fact end problem people person".split()
)
_ALSO_WORDS = frozenset(
    "will mark may april june dawn faith joy rob bill pat max sue ray art rose violet holly ivy jack lee dean dale penny robin drew".split()
)
"""Names that are words, too."""
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")


def things_of(sentence: Sentence) -> list[Thing]:
    """Return what is talked of in a sentence, in its order, and then who."""
    things = _things(sentence)
    # What a sentence begins with it is about; else its last thing is the news.
    begins = _THING.match(sentence.text) is not None
    return [*_header(sentence), *(things if begins else reversed(things)), *_people(sentence)]


def _header(sentence: Sentence) -> list[Thing]:
    header = _HEADER.match(sentence.text)
    if header is None:
        return []
    said = (header["what"] or header["alone"]).split()
    words = [word for word in said if word.lower() not in EMPTY]
    if not words or words[-1].lower() in _NO_THING | NOT_NAMES:
        return []
    return [_thing(words)]


def _things(sentence: Sentence) -> list[Thing]:
    found = []
    for match in _THING.finditer(sentence.text):
        words = [word for word in (match["one"], match["two"]) if word]
        last = words[-1].lower()
        is_none = last in _NO_THING | EMPTY | NO_TASK | OF_THE_MEETING or last.endswith("ly")
        if not is_none and not sentence.dated(match.start("one")):
            found.append(_thing(words))
    return found


def _thing(words: list[str]) -> Thing:
    last = words[-1]
    plural = last.endswith("s") and not last.endswith("ss")
    return Thing(forms={"": " ".join((_ARTICLE, *words))}, plural=plural)


def _people(sentence: Sentence) -> list[Thing]:
    found = []
    for match in _WORD.finditer(sentence.text):
        word = match.group().removesuffix("'s").removesuffix("’s")
        sure = word[:1].isupper() or (sentence.unmarked and word not in _ALSO_WORDS)
        if sure and word.lower() in FIRST_NAMES:
            found.append(Thing(forms={"": word.capitalize()}, plural=False, person=True))
    return found
