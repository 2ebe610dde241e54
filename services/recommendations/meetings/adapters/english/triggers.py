"""Where an English sentence gives somebody something to do."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.recommendations.meetings.adapters.english.names import FIRST_NAMES
from services.recommendations.meetings.adapters.english.patterns import (
    AS_OFFER,
    ASSIGNMENT,
    CALL,
    CALLED_FIRST,
    CONCRETE_HERE,
    FRAME,
    GENERAL,
    NOTE,
    NOW,
    ORDER,
    PLAIN,
    PROGRESSIVE,
    RULES,
    UNREAL,
    YOU,
)
from services.recommendations.meetings.adapters.english.words import NO_TASK, NOT_NAMES
from services.recommendations.meetings.adapters.sentences import Force, Sentence, Who

_DUTY = re.compile(r"\s+(?:must|should|needs?|has|have)")
_NO_SUBJECT = ("I", "you")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A verb, at characters `start` to `stop`, and whom it gives something to do; `general` may be said of anybody."""

    start: int
    stop: int
    verb: str
    who: Who
    force: Force
    name: str
    general: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    match: re.Match[str]
    who: Who
    force: Force
    names: Sequence[str] = ("",)
    plain: str = ""

    @property
    def verb(self) -> str:
        return self.plain or self.match["verb"].lower()

    @property
    def start(self) -> int:
        return self.match.start("verb")


def called_in(sentence: Sentence) -> list[str]:
    """Return who is called by name, as in `Bob, please ...` or `can you ..., Bob?`."""
    calls = [*CALLED_FIRST.finditer(sentence.text), *CALL.finditer(sentence.text)]
    names = [_named(match["name"], sentence.speakers) for match in calls]
    if sentence.unmarked:
        names += [name for name in sentence.speakers if _is_called(name, sentence.text)]
    return list(dict.fromkeys(name for name in names if name))


def _is_called(name: str, text: str) -> bool:
    """Tell whether somebody is called in speech without marks."""
    first = re.escape(name.split(maxsplit=1)[0].lower())
    asked = rf"\b{first}\b(?=\s+(?:can|could|will|would)\s+you|\s+please|\s+you\b|\s+\w+\s+you|$)"
    return re.search(rf"{asked}|^(?:\w+\s+){{0,2}}{first}\b", text.lower()) is not None


def find_triggers(sentence: Sentence, called: Sequence[str]) -> list[Trigger]:
    """Return the verbs of a sentence that give somebody something to do, in their order."""
    found: dict[int, list[Trigger]] = {}
    for each in _candidates(sentence, called):
        if each.start not in found:
            accepted = _accepted(sentence, each)
            if accepted:
                found[each.start] = accepted
    return [trigger for start in sorted(found) for trigger in found[start]]


def _accepted(sentence: Sentence, each: _Candidate) -> list[Trigger]:
    """Return the triggers of a candidate, one for each person: none where it is only thought of, or of the moment."""
    text, start = sentence.text, each.start
    yours = each.who is Who.ADDRESSEE
    general = each.force is Force.NEEDED or (yours and YOU.match(each.match.group()) is not None)
    if UNREAL.search(text[:start]) or (general and GENERAL.search(text[: each.match.start()])):
        return []
    concrete = CONCRETE_HERE.match(text, start) is not None
    if each.verb in NO_TASK and not concrete:
        return []
    force = each.force
    if yours and not general and concrete and each.match.group().lower().startswith("you"):
        force = Force.ASSIGNED
    if force is Force.PROMISED and AS_OFFER.search(text, each.match.end()):
        force = Force.OFFERED
    mine = force is Force.PROMISED and each.who is Who.SPEAKER
    if mine and not sentence.dates and NOW.search(f"{text[:start]}x"):
        return []
    return [
        Trigger(
            start=start,
            stop=each.match.end("verb"),
            verb=each.verb,
            who=each.who,
            force=force,
            name=name,
            general=general,
        )
        for name in each.names
    ]


def _candidates(sentence: Sentence, called: Sequence[str]) -> Iterator[_Candidate]:
    """Yield what may give something to do, the surer before the others."""
    text = sentence.text
    for match in FRAME.finditer(text):
        yield _Candidate(match=match, who=Who.ADDRESSEE, force=Force.ASSIGNED)
    if not sentence.asks:
        yield from _named_ones(sentence)
    for rule in RULES:
        for match in rule.pattern.finditer(text):
            if rule.asking or not sentence.asks:
                yield _Candidate(match=match, who=rule.who, force=rule.force)
    yield from _progressive(sentence)
    if called and not sentence.asks:
        for match in ORDER.finditer(text):
            yield _Candidate(match=match, who=Who.ADDRESSEE, force=Force.ASKED)


def _named_ones(sentence: Sentence) -> Iterator[_Candidate]:
    for match in NOTE.finditer(sentence.text):
        names = _names(sentence, match)
        last = match["name"].rsplit(maxsplit=1)[-1]
        if not names and sentence.dates and last.lower() not in NOT_NAMES:
            names = [last]  # a list with its days has nobody else
        if names:
            yield _Candidate(match=match, who=Who.NAMED, force=Force.ASSIGNED, names=names)
    for match in ASSIGNMENT.finditer(sentence.text):
        force = Force.ASKED if _DUTY.match(match["will"]) else Force.PROMISED
        if names := _names(sentence, match):
            yield _Candidate(match=match, who=Who.NAMED, force=force, names=names)


def _progressive(sentence: Sentence) -> Iterator[_Candidate]:
    """Yield `would you mind sending`, and what is promised as `I'm sending it tomorrow`."""
    for match in PROGRESSIVE.finditer(sentence.text):
        plain = PLAIN.get(match["verb"].lower(), "")
        subject = match["subject"].lower()
        if not plain:
            continue
        if "mind" in subject:
            yield _Candidate(match=match, who=Who.ADDRESSEE, force=Force.ASKED, plain=plain)
        elif sentence.asks:
            continue
        elif match["name"]:
            names = _names(sentence, match)
            if names:
                yield _Candidate(
                    match=match, who=Who.NAMED, force=Force.PROMISED, names=names, plain=plain
                )
        elif subject.startswith("you"):
            yield _Candidate(match=match, who=Who.ADDRESSEE, force=Force.ASKED, plain=plain)
        elif sentence.dates or "ll" in subject:
            yield _Candidate(match=match, who=Who.SPEAKER, force=Force.PROMISED, plain=plain)


def _names(sentence: Sentence, match: re.Match[str]) -> list[str]:
    """Return whom the subject of a match names, empty for the speaker: nobody where one of two is unknown."""
    given = [word for word in (match["name"], match.groupdict().get("other")) if word]
    names = ["" if word in _NO_SUBJECT else _named(word, sentence.speakers) for word in given]
    known = all(name or word in _NO_SUBJECT for name, word in zip(names, given, strict=True))
    return names if names[0] and known else []


def _named(word: str, speakers: Sequence[str]) -> str:
    """Return whom a word or two name: a speaker, or else somebody by a usual first name; empty for nobody."""
    for part in (word, *reversed(word.split())):
        found = [name for name in speakers if part.lower() in (name.lower(), *name.lower().split())]
        if found and (part.lower() not in NOT_NAMES or part == found[0]):
            return found[0]
    last = word.rsplit(maxsplit=1)[-1]
    first = word.split(maxsplit=1)[0]
    if first.lower() in FIRST_NAMES:
        return word
    return last if last.lower() in FIRST_NAMES else ""
