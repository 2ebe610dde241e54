"""What an English sentence says is to be done: promises, requests, duties, by the words before a verb."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.recommendations.meetings.adapters.english.words import (
    DROPPED,
    EMPTY,
    NOT_NAMES,
    OF_THE_MEETING,
    VAGUE,
    VERBS,
    WEAK,
)
from services.recommendations.meetings.adapters.sentences import (
    Sentence,
    SentenceTask,
    Who,
    title_of,
)

_SOFT = r"(?:(?:also|then|just|definitely|probably|please|now|gladly|happily|quickly|still)\s+)*"
_VERB = r"(?P<verb>[a-z]+)\b"
_ACTION = rf"(?P<verb>{'|'.join(sorted(VERBS))})\b"


@dataclass(frozen=True, slots=True)
class _Rule:
    who: Who
    pattern: re.Pattern[str]
    asking: bool = False


def _rule(who: Who, pattern: str, *, asking: bool = False) -> _Rule:
    return _Rule(who, re.compile(rf"(?<![\w'’]){pattern}", re.IGNORECASE), asking)


_RULES = (
    _rule(Who.ADDRESSEE, rf"(?:can|could|will|would)\s+you\s+{_SOFT}{_VERB}", asking=True),
    _rule(
        Who.ADDRESSEE,
        r"(?:(?:please\s+)?(?:don['’]t\s+forget\s+to|remember\s+to|make\s+sure\s+(?:to|you)|be\s+sure\s+to))"
        rf"\s+{_SOFT}{_VERB}",
    ),
    _rule(Who.ADDRESSEE, rf"i(?:['’]d\s+like|\s+need|\s+want)\s+you\s+to\s+{_SOFT}{_VERB}"),
    _rule(Who.ADDRESSEE, rf"you(?:\s+should|\s+need\s+to|\s+have\s+to|\s+must)\s+{_SOFT}{_VERB}"),
    _rule(Who.ADDRESSEE, rf"please\s+(?:also\s+)?(?!don['’]?t|do\s+not){_VERB}", asking=True),
    _rule(
        Who.SPEAKER,
        r"i(?:\s+(?:still|also|just|really))?(?:['’]ll|\s+will|['’]m\s+going\s+to|\s+am\s+going\s+to|\s+can|\s+need\s+to|\s+have\s+to|\s+must"
        rf"|['’]ve\s+got\s+to|\s+plan\s+to|\s+promise\s+to)\s+{_SOFT}{_VERB}",
    ),
    _rule(Who.SPEAKER, rf"let\s+me\s+{_SOFT}{_ACTION}"),
    _rule(
        Who.NOBODY,
        r"(?:we|someone|somebody)(?:['’]ll\s+have\s+to|\s+need(?:s)?\s+to|\s+(?:also\s+)?ha(?:ve|s)\s+to|\s+must"
        rf"|\s+should)\s+{_SOFT}{_VERB}",
    ),
    _rule(Who.NOBODY, rf"let['’]?s\s+{_SOFT}{_ACTION}"),
    _rule(Who.NOBODY, rf"we(?:['’]ll|\s+will)\s+{_SOFT}{_VERB}"),
)
_CALL = re.compile(r"(?:^|,\s*)(?P<name>[A-Z][\w'’-]+)(?=\s*[,?!.]|$)")
_ASSIGNMENT = re.compile(
    r"\b(?P<name>[A-Z][\w-]+)"
    r"(?:\s+will|['’]ll|\s+needs?\s+to|\s+has\s+to|\s+must|\s+should|\s+is\s+going\s+to)"
    rf"\s+{_SOFT}{_VERB}"
)
_NOTE = re.compile(rf"\b(?P<name>[A-Z][\w-]+)\s+to\s+{_ACTION}")
"""As in `Bob to send the offer`."""
_ORDER = re.compile(rf"(?:^|[,;:]\s+|[.!]\s+|\band\s+){_SOFT}{_ACTION}")
_UNREAL = re.compile(
    r"\b(?:if|unless|maybe|perhaps|might|wish|wouldn['’]t|would\s+have|could\s+have|should\s+have|don['’]t\s+think"
    r"|don['’]t\s+need|didn['’]t|doesn['’]t|no\s+longer|not\s+sure)\b",
    re.IGNORECASE,
)
_CUT = re.compile(
    r"\s*(?:[;.!?]|,?\s+\b(?:because|so\s+that|since|unless|if|but|which|otherwise|so\s+this|so\s+we|when\s+it)\b"
    r"|,?\s+and\s+(?:i|we|you|he|she|they)\b|,\s+(?:please|and\s+then)\b).*",
    re.IGNORECASE | re.DOTALL,
)
_CONDUCT = re.compile(
    r"move\s+on|get\s+(?:started|going|back|into)|take\s+(?:a\s+)?(?:look|break|step|five)|look\s+at|run\s+through"
    r"|put\s+you\s+through|talk\s+(?:about|through)|set\s+(?:that|this|it)\s+aside|put\s+(?:that|this|it)\s+aside|call\s+it",
    re.IGNORECASE,
)
"""What is done in the meeting itself."""
_SOMEBODY = re.compile(r"\s+(?:to|with)\s+(?!you\b|me\b|us\b|it\b|that\b)", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")


class EnglishTasks:
    """Finds tasks in English sentences."""

    def read(self, sentence: Sentence) -> tuple[str, list[SentenceTask]]:
        """Return who is called by name in a sentence, empty for nobody, and what is to be done by it."""
        addressee = _addressee(sentence)
        return addressee, list(_find(sentence, addressee))


def _find(sentence: Sentence, addressee: str) -> Iterator[SentenceTask]:
    found = sorted(_found(sentence, addressee), key=lambda each: each[0].start())
    for n, (match, who, name) in enumerate(found):
        stop = found[n + 1][0].start() if n + 1 < len(found) else len(sentence.text)
        yield _todo(sentence, match, stop, who, name, alone=len(found) == 1)


def _addressee(sentence: Sentence) -> str:
    """Return who is called by name, as in `Bob, please ...` or `can you ..., Bob?`; empty for nobody."""
    names = (_named(match["name"], sentence.speakers) for match in _CALL.finditer(sentence.text))
    return next((name for name in names if name), "")


def _found(sentence: Sentence, addressee: str) -> list[tuple[re.Match[str], Who, str]]:
    found: list[tuple[re.Match[str], Who, str]] = []

    def take(match: re.Match[str], who: Who, name: str = "") -> None:
        apart = all(match.start("verb") != other.start("verb") for other, _, _ in found)
        if apart and _real(sentence, match, who):
            found.append((match, who, name))

    for rule in _RULES:
        for match in rule.pattern.finditer(sentence.text):
            if rule.asking or not sentence.asks:
                take(match, rule.who)
    if not sentence.asks:
        for match in _assignments(sentence):
            take(match, Who.NAMED, _named(match["name"], sentence.speakers))
        if addressee:
            for match in _ORDER.finditer(sentence.text):
                take(match, Who.ADDRESSEE)
    return found


def _assignments(sentence: Sentence) -> Iterator[re.Match[str]]:
    for match in _ASSIGNMENT.finditer(sentence.text):
        if _named(match["name"], sentence.speakers):
            yield match
    for match in _NOTE.finditer(sentence.text):
        if match["name"] in _first_names(sentence.speakers):
            yield match


def _named(word: str, speakers: Sequence[str]) -> str:
    """Return whom a word names: a speaker, or else what is written as a name and is none of the usual words."""
    found = [name for name in speakers if word in name.split()]
    if found:
        return found[0]
    usual = word.lower() in NOT_NAMES or word.lower() in VERBS
    return "" if usual or len(word) < _SHORTEST_NAME else word


_SHORTEST_NAME = 3


def _first_names(speakers: Sequence[str]) -> set[str]:
    return {part for name in speakers for part in name.split()}


def _real(sentence: Sentence, match: re.Match[str], who: Who) -> bool:
    """Tell whether it is really to be done: not denied, not only thought of, not about the meeting itself."""
    verb = match["verb"].lower()
    if _UNREAL.search(sentence.text[: match.start("verb")]):
        return False
    conduct = _CONDUCT.match(sentence.text, match.start("verb"))
    if conduct and (who is Who.NOBODY or verb == "put"):
        return False
    if verb in ("not", "never"):
        return False
    if (
        who in (Who.ADDRESSEE, Who.SPEAKER, Who.NAMED)
        and verb in WEAK
        and _has_object(sentence, match)
    ):
        return True
    if verb not in VERBS and who is Who.SPEAKER and match.group().lower().startswith("i can"):
        return False
    if verb in ("talk", "speak", "meet") and _SOMEBODY.match(sentence.text, match.end()):
        return True
    promised = match.group().lower().startswith(("we'll", "we’ll", "we will"))
    return (verb not in OF_THE_MEETING and not promised) or bool(sentence.dates)


def _has_object(sentence: Sentence, match: re.Match[str]) -> bool:
    rest = _CUT.sub("", sentence.text[match.end("verb") :])
    return any(word.lower() not in EMPTY | DROPPED for word in _WORD.findall(rest))


def _called(sentence: Sentence, start: int, word: str) -> bool:
    """Tell whether somebody is called, as in `can you check it, Bob?`."""
    return word in _first_names(sentence.speakers) and sentence.text[:start].rstrip().endswith(",")


def _todo(
    sentence: Sentence, match: re.Match[str], stop: int, who: Who, name: str, *, alone: bool
) -> SentenceTask:
    start = match.end("verb")
    rest = sentence.text[start:stop]
    cut = _CUT.search(rest)
    rest = rest[: cut.start()] if cut else rest
    words = [
        word
        for word in _WORD.finditer(rest)
        if not sentence.dated(start + word.start())
        and word.group().lower() not in DROPPED
        and not _called(sentence, start + word.start(), word.group())
    ]
    if words and words[-1].group().lower() in ("and", "on", "by", "in", "at"):
        words.pop()
    verb = match["verb"].lower()
    return SentenceTask(
        who=who,
        name=name,
        verb=verb,
        title=title_of(verb, (word.group() for word in words)),
        objects=frozenset(
            word.group().lower() for word in words if word.group().lower() not in EMPTY
        ),
        vague=verb in VAGUE,
        due=sentence.due(0, len(sentence.text)) if alone else sentence.due(match.start(), stop),
    )
