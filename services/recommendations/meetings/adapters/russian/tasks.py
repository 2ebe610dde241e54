"""What a Russian sentence says is to be done: promises, requests, duties, by the forms of its verbs."""

import itertools
import re
from collections.abc import Iterator, Sequence

from services.recommendations.meetings.adapters.russian.people import RussianPeople
from services.recommendations.meetings.adapters.russian.phrases import (
    Trigger,
    Word,
    phrase,
    spelled,
)
from services.recommendations.meetings.adapters.russian.words import (
    ABLE,
    ASKING,
    LET,
    MUST,
    NEGATIONS,
    NO_TASK,
    OF_THE_MEETING,
    OUGHT,
    TALKS,
    UNREAL,
    VAGUE,
    WAS,
    YOU_ABLE,
)
from services.recommendations.meetings.adapters.sentences import Heard, Said, Who, title_of

_WORD = re.compile(r"[^\W_]+(?:[-'’.][^\W_]+)*")
_BREAK = re.compile(r"[,;:.!?()…—–]|\s-\s")
_NO_THINGS = ("PREP", "CONJ", "PRCL", "INTJ", "NPRO", "ADVB")

_MINE = {
    "меня": Who.SPEAKER,
    "мной": Who.SPEAKER,
    "мне": Who.SPEAKER,
    "тебя": Who.ADDRESSEE,
    "тобой": Who.ADDRESSEE,
    "тебе": Who.ADDRESSEE,
    "вас": Who.ADDRESSEE,
    "вами": Who.ADDRESSEE,
    "вам": Who.ADDRESSEE,
}


class RussianTasks:
    """Hears tasks in Russian sentences."""

    def __init__(self) -> None:
        self._people = RussianPeople()

    def read(self, said: Said) -> tuple[str, list[Heard]]:
        """Return who is called by name in a sentence, empty for nobody, and what is to be done by it."""
        words = self._words(said)
        return _addressee(said, words), list(self._hear(said, words))

    def _hear(self, said: Said, words: list[Word]) -> Iterator[Heard]:
        triggers = [each for each in _triggers(said, words) if _real(each, words, said)]
        starts = [_begin(words, triggers, n) for n in range(len(triggers))]
        for n, trigger in enumerate(triggers):
            stop = starts[n + 1] if n + 1 < len(triggers) else len(words)
            yield self._heard(said, words[starts[n] : stop], trigger, alone=len(triggers) == 1)

    def _words(self, said: Said) -> list[Word]:
        words: list[Word] = []
        clause = stop = 0
        for place, match in enumerate(_WORD.finditer(said.text)):
            clause += bool(_BREAK.search(said.text, stop, match.start()))
            stop = match.end()
            words.append(
                Word(
                    place=place,
                    low=match.group().lower(),
                    text=match.group(),
                    start=match.start(),
                    stop=stop,
                    clause=clause,
                    readings=self._people.readings(match.group()),
                    name=self._people.find(match.group(), said.speakers),
                )
            )
        return words

    def _heard(self, said: Said, words: Sequence[Word], trigger: Trigger, *, alone: bool) -> Heard:
        kept = phrase(words, trigger, said)
        due = said.due(words[0].start, words[-1].stop)
        if due is None and alone:
            due = said.due(0, len(said.text))
        return Heard(
            who=trigger.who,
            name=trigger.name,
            verb=trigger.verb,
            title=title_of(trigger.verb, spelled(kept, trigger, said)),
            objects=frozenset(
                word.readings[0].normal_form
                for word in kept
                if word.readings[0].tag.POS not in _NO_THINGS
            ),
            vague=trigger.verb in VAGUE,
            due=due,
        )


def _addressee(said: Said, words: Sequence[Word]) -> str:
    """Return who is called by name, as in `Анна, подготовь ...`; empty for nobody."""
    for word in words:
        alone = _BREAK.match(said.text[word.stop : word.stop + 1] or ".")
        before = said.text[: word.start].rstrip()
        if word.name and alone and (not before or before[-1] in ",.!?:—–"):
            return word.name
    return ""


def _triggers(said: Said, words: Sequence[Word]) -> Iterator[Trigger]:
    for word in words:
        before = words[max(0, word.place - 4) : word.place]
        near = [each for each in before if each.clause == word.clause]
        trigger = _of_infinitive(said, word, near) or _of_verb(said, word, words, near)
        trigger = trigger or _of_noun(word, near)
        if trigger:
            yield trigger


def _of_infinitive(said: Said, word: Word, near: list[Word]) -> Trigger | None:
    """Hear `надо ...`, `должна ...`, `могу ...`, `можешь ...?`, `прошу ...`, `не забудь ...` before an infinitive."""
    infinitive = word.form("INFN")
    if infinitive is None:
        return None
    verb = infinitive.normal_form
    if any(each.low in WAS for each in near):
        return None
    for at, each in enumerate(near):
        used: tuple[int, ...] = (each.place,)
        if (each.low in MUST or each.low in OUGHT) and not said.asks:
            who, name = _obliged([*near[:at], *near[at + 1 :]], each)
            return (
                None if who is None else Trigger(at=word, who=who, verb=verb, name=name, used=used)
            )
        if each.low in ABLE and not said.asks:
            return Trigger(at=word, who=Who.SPEAKER, verb=verb, used=used)
        if each.low in YOU_ABLE and said.asks:
            return Trigger(at=word, who=Who.ADDRESSEE, verb=verb, used=used)
        if each.low in ("забудь", "забудьте") and at and near[at - 1].low == "не":
            used = (each.place, near[at - 1].place)
            return Trigger(at=word, who=Who.ADDRESSEE, verb=verb, used=used)
        if each.low in ("прошу", "попрошу", "поручаю"):
            name = next((other.name for other in near[at + 1 :] if other.name), "")
            return Trigger(
                at=word, who=Who.NAMED if name else Who.ADDRESSEE, verb=verb, name=name, used=used
            )
        if each.low in LET:
            return Trigger(at=word, who=Who.NOBODY, verb=verb, used=used)
    return None


def _obliged(near: Sequence[Word], modal: Word) -> tuple[Who | None, str]:
    """Return who must: by dative with `надо`, by subject with `должен`."""
    for word in near:
        if modal.low in MUST and word.low in ("мне", "тебе", "вам"):
            return _MINE[word.low], ""
        if modal.low in OUGHT and word.low in ("я", "ты", "вы"):
            return (Who.SPEAKER if word.low == "я" else Who.ADDRESSEE), ""
        if word.names("datv" if modal.low in MUST else "nomn"):
            return Who.NAMED, word.name
    if modal.low in OUGHT and not any(word.low == "мы" for word in near):
        return None, ""  # somebody who is not in the meeting
    return Who.NOBODY, ""


def _of_verb(said: Said, word: Word, words: Sequence[Word], near: Sequence[Word]) -> Trigger | None:
    """Hear promises, requests and assignments by a finite verb."""
    let = any(each.low in LET for each in near)
    dated = bool(said.dates)
    mine = any(each.low == "я" for each in near)
    promise = (word.form if mine else word.sure)("VERB", "futr", "1per", "sing")
    if (verb := promise) and not said.asks:
        return Trigger(at=word, who=Who.SPEAKER, verb=verb.normal_form)
    if word.low == "беру" and not said.asks:
        return Trigger(at=word, who=Who.SPEAKER, verb="взять")
    if (verb := word.sure("VERB", "impr")) and word.low not in LET and not said.asks:
        called = any(each.name or each.low == "пожалуйста" for each in words)
        if called or word.form("VERB", "past") is None:  # `все пришли` is no order
            return _order(word, verb.normal_form, near)
    if (verb := word.form("VERB", "futr", "2per")) and word.low not in YOU_ABLE:
        named = any(each.low in ("ты", "вы") for each in near)
        if said.asks or named or let:
            return Trigger(at=word, who=Who.ADDRESSEE, verb=verb.normal_form)
    if (verb := word.sure("VERB", "futr", "3per", "sing")) and not said.asks:
        subject = _subject(word, words)
        if subject:
            return Trigger(
                at=word,
                who=Who.NAMED,
                verb=verb.normal_form,
                name=subject.name,
                used=(subject.place,),
            )
    if (verb := word.sure("VERB", "futr", "1per", "plur")) and not said.asks and (let or dated):
        return Trigger(at=word, who=Who.NOBODY, verb=verb.normal_form)
    return None


def _order(word: Word, verb: str, near: Sequence[Word]) -> Trigger:
    """Hear an order to who is called right before it without a comma, as speech is recognised, or to whoever is meant."""
    call = [each for each in near[-2:] if each.low not in ("ты", "вы")]
    if call and call[-1].names("nomn"):
        used = (call[-1].place,)
        return Trigger(at=word, who=Who.NAMED, verb=verb, name=call[-1].name, used=used)
    return Trigger(at=word, who=Who.ADDRESSEE, verb=verb)


def _subject(verb: Word, words: Sequence[Word]) -> Word | None:
    """Return the name that is the subject of a verb in its clause."""
    clause = [word for word in words if word.clause == verb.clause]
    return next((word for word in clause if word.names("nomn")), None)


def _of_noun(word: Word, near: Sequence[Word]) -> Trigger | None:
    """Hear `с тебя отчёт`, `за Борисом презентация`."""
    if word.form("NOUN", "nomn") is None or word.name:
        return None
    *_, preposition, whose = (None, None, *near)
    if preposition is None or whose is None or preposition.low not in ("с", "за", "на"):
        return None
    who = _MINE.get(whose.low) or (Who.NAMED if whose.name else None)
    if who is None:
        return None
    used = (preposition.place, whose.place)
    return Trigger(at=word, who=who, verb=word.text, name=whose.name, used=used)


def _real(trigger: Trigger, words: Sequence[Word], said: Said) -> bool:
    """Tell whether it is really to be done: not denied, not only thought of, not about the meeting itself."""
    before = words[: trigger.at.place]
    if any(word.low in UNREAL for word in before) or any(w.low in ("бы", "б") for w in words):
        return False
    clause = [word for word in before if word.clause == trigger.at.clause]
    close = [word for word in clause[-3:] if word.place not in trigger.used]
    if any(word.low in NEGATIONS for word in close):
        return False
    if said.asks and any(word.low in ASKING for word in words):
        return False
    if trigger.verb in NO_TASK:
        return False
    if trigger.verb in TALKS and _with_somebody(trigger, words):
        return True
    return trigger.verb not in OF_THE_MEETING or bool(said.dates)


def _with_somebody(trigger: Trigger, words: Sequence[Word]) -> bool:
    """Tell whether it is to be talked about with somebody else, as in `поговорю с заказчиком`."""
    after = [word for word in words[trigger.at.place + 1 :] if word.clause == trigger.at.clause]
    pairs = itertools.pairwise(after)
    return any(one.low in ("с", "со") and other.form("NOUN", "ablt") for one, other in pairs)


def _begin(words: Sequence[Word], triggers: Sequence[Trigger], n: int) -> int:
    """Return the first word that belongs to a trigger: of its clause, or after the `и` that parts it from the last."""
    at = triggers[n].at
    first = next(word.place for word in words if word.clause == at.clause)
    if not n:
        return first
    last = triggers[n - 1].at
    if last.clause < at.clause:
        return first
    conjunctions = [w.place for w in words[last.place + 1 : at.place] if w.low in ("и", "а", "но")]
    return conjunctions[-1] if conjunctions else at.place
