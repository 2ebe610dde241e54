"""What a Russian sentence says is to be done: promises, requests, duties, by the forms of its verbs."""

import itertools
import re
from collections.abc import Iterator, Sequence

from services.recommendations.meetings.adapters.russian.people import RussianPeople
from services.recommendations.meetings.adapters.russian.phrases import (
    ParsedWord,
    Trigger,
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
    TALK_VERBS,
    UNREAL,
    VAGUE,
    WAS,
    YOU_ABLE,
)
from services.recommendations.meetings.adapters.sentences import (
    Sentence,
    SentenceTask,
    Who,
    title_of,
)

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
    """Finds tasks in Russian sentences."""

    def __init__(self) -> None:
        self._people = RussianPeople()

    def read(self, sentence: Sentence) -> tuple[str, list[SentenceTask]]:
        """Return who is called by name in a sentence, empty for nobody, and what is to be done by it."""
        words = self._words(sentence)
        return _addressee(sentence, words), list(self._find(sentence, words))

    def _find(self, sentence: Sentence, words: list[ParsedWord]) -> Iterator[SentenceTask]:
        triggers = [each for each in _triggers(sentence, words) if _real(each, words, sentence)]
        starts = [_begin(words, triggers, n) for n in range(len(triggers))]
        for n, trigger in enumerate(triggers):
            stop = starts[n + 1] if n + 1 < len(triggers) else len(words)
            yield self._todo(sentence, words[starts[n] : stop], trigger, alone=len(triggers) == 1)

    def _words(self, sentence: Sentence) -> list[ParsedWord]:
        words: list[ParsedWord] = []
        clause = stop = 0
        for index, match in enumerate(_WORD.finditer(sentence.text)):
            clause += bool(_BREAK.search(sentence.text, stop, match.start()))
            stop = match.end()
            words.append(
                ParsedWord(
                    index=index,
                    low=match.group().lower(),
                    text=match.group(),
                    start=match.start(),
                    stop=stop,
                    clause=clause,
                    readings=self._people.readings(match.group()),
                    name=self._people.find(match.group(), sentence.speakers),
                )
            )
        return words

    def _todo(
        self, sentence: Sentence, words: Sequence[ParsedWord], trigger: Trigger, *, alone: bool
    ) -> SentenceTask:
        kept = phrase(words, trigger, sentence)
        due = sentence.due(words[0].start, words[-1].stop)
        if due is None and alone:
            due = sentence.due(0, len(sentence.text))
        return SentenceTask(
            who=trigger.who,
            name=trigger.name,
            verb=trigger.verb,
            title=title_of(trigger.verb, spelled(kept, trigger, sentence)),
            objects=frozenset(
                word.readings[0].normal_form
                for word in kept
                if word.readings[0].tag.POS not in _NO_THINGS
            ),
            vague=trigger.verb in VAGUE,
            due=due,
        )


def _addressee(sentence: Sentence, words: Sequence[ParsedWord]) -> str:
    """Return who is called by name, as in `Анна, подготовь ...`; empty for nobody."""
    for word in words:
        alone = _BREAK.match(sentence.text[word.stop : word.stop + 1] or ".")
        before = sentence.text[: word.start].rstrip()
        if word.name and alone and (not before or before[-1] in ",.!?:—–"):
            return word.name
    return ""


def _triggers(sentence: Sentence, words: Sequence[ParsedWord]) -> Iterator[Trigger]:
    for word in words:
        before = words[max(0, word.index - 4) : word.index]
        near = [each for each in before if each.clause == word.clause]
        trigger = _of_infinitive(sentence, word, near) or _of_verb(sentence, word, words, near)
        trigger = trigger or _of_noun(word, near)
        if trigger:
            yield trigger


def _of_infinitive(sentence: Sentence, word: ParsedWord, near: list[ParsedWord]) -> Trigger | None:
    """Find `надо ...`, `должна ...`, `могу ...`, `можешь ...?`, `прошу ...`, `не забудь ...` before an infinitive."""
    infinitive = word.form("INFN")
    if infinitive is None:
        return None
    verb = infinitive.normal_form
    if any(each.low in WAS for each in near):
        return None
    for at, each in enumerate(near):
        used: tuple[int, ...] = (each.index,)
        if (each.low in MUST or each.low in OUGHT) and not sentence.asks:
            who, name = _obliged([*near[:at], *near[at + 1 :]], each)
            return (
                None if who is None else Trigger(at=word, who=who, verb=verb, name=name, used=used)
            )
        if each.low in ABLE and not sentence.asks:
            return Trigger(at=word, who=Who.SPEAKER, verb=verb, used=used)
        if each.low in YOU_ABLE and sentence.asks:
            return Trigger(at=word, who=Who.ADDRESSEE, verb=verb, used=used)
        if each.low in ("забудь", "забудьте") and at and near[at - 1].low == "не":
            used = (each.index, near[at - 1].index)
            return Trigger(at=word, who=Who.ADDRESSEE, verb=verb, used=used)
        if each.low in ("прошу", "попрошу", "поручаю"):
            name = next((other.name for other in near[at + 1 :] if other.name), "")
            return Trigger(
                at=word, who=Who.NAMED if name else Who.ADDRESSEE, verb=verb, name=name, used=used
            )
        if each.low in LET:
            return Trigger(at=word, who=Who.NOBODY, verb=verb, used=used)
    return None


def _obliged(near: Sequence[ParsedWord], modal: ParsedWord) -> tuple[Who | None, str]:
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


def _of_verb(
    sentence: Sentence, word: ParsedWord, words: Sequence[ParsedWord], near: Sequence[ParsedWord]
) -> Trigger | None:
    """Find promises, requests and assignments by a finite verb."""
    let = any(each.low in LET for each in near)
    dated = bool(sentence.dates)
    mine = any(each.low == "я" for each in near)
    promise = (word.form if mine else word.sure)("VERB", "futr", "1per", "sing")
    if (verb := promise) and not sentence.asks:
        return Trigger(at=word, who=Who.SPEAKER, verb=verb.normal_form)
    if word.low == "беру" and not sentence.asks:
        return Trigger(at=word, who=Who.SPEAKER, verb="взять")
    if (verb := word.sure("VERB", "impr")) and word.low not in LET and not sentence.asks:
        called = any(each.name or each.low == "пожалуйста" for each in words)
        if called or word.form("VERB", "past") is None:  # `все пришли` is no order
            return _order(word, verb.normal_form, near)
    if (verb := word.form("VERB", "futr", "2per")) and word.low not in YOU_ABLE:
        named = any(each.low in ("ты", "вы") for each in near)
        if sentence.asks or named or let:
            return Trigger(at=word, who=Who.ADDRESSEE, verb=verb.normal_form)
    if (verb := word.sure("VERB", "futr", "3per", "sing")) and not sentence.asks:
        subject = _subject(word, words)
        if subject:
            return Trigger(
                at=word,
                who=Who.NAMED,
                verb=verb.normal_form,
                name=subject.name,
                used=(subject.index,),
            )
    if (verb := word.sure("VERB", "futr", "1per", "plur")) and not sentence.asks and (let or dated):
        return Trigger(at=word, who=Who.NOBODY, verb=verb.normal_form)
    return None


def _order(word: ParsedWord, verb: str, near: Sequence[ParsedWord]) -> Trigger:
    """Find an order to who is called right before it without a comma, as speech is recognised, or to whoever is meant."""
    call = [each for each in near[-2:] if each.low not in ("ты", "вы")]
    if call and call[-1].names("nomn"):
        used = (call[-1].index,)
        return Trigger(at=word, who=Who.NAMED, verb=verb, name=call[-1].name, used=used)
    return Trigger(at=word, who=Who.ADDRESSEE, verb=verb)


def _subject(verb: ParsedWord, words: Sequence[ParsedWord]) -> ParsedWord | None:
    """Return the name that is the subject of a verb in its clause."""
    clause = [word for word in words if word.clause == verb.clause]
    return next((word for word in clause if word.names("nomn")), None)


def _of_noun(word: ParsedWord, near: Sequence[ParsedWord]) -> Trigger | None:
    """Find `с тебя отчёт`, `за Борисом презентация`."""
    if word.form("NOUN", "nomn") is None or word.name:
        return None
    *_, preposition, whose = (None, None, *near)
    if preposition is None or whose is None or preposition.low not in ("с", "за", "на"):
        return None
    who = _MINE.get(whose.low) or (Who.NAMED if whose.name else None)
    if who is None:
        return None
    used = (preposition.index, whose.index)
    return Trigger(at=word, who=who, verb=word.text, name=whose.name, used=used)


def _real(trigger: Trigger, words: Sequence[ParsedWord], sentence: Sentence) -> bool:
    """Tell whether it is really to be done: not denied, not only thought of, not about the meeting itself."""
    before = words[: trigger.at.index]
    if any(word.low in UNREAL for word in before) or any(w.low in ("бы", "б") for w in words):
        return False
    clause = [word for word in before if word.clause == trigger.at.clause]
    close = [word for word in clause[-3:] if word.index not in trigger.used]
    if any(word.low in NEGATIONS for word in close):
        return False
    if sentence.asks and any(word.low in ASKING for word in words):
        return False
    if trigger.verb in NO_TASK:
        return False
    if trigger.verb in TALK_VERBS and _with_somebody(trigger, words):
        return True
    return trigger.verb not in OF_THE_MEETING or bool(sentence.dates)


def _with_somebody(trigger: Trigger, words: Sequence[ParsedWord]) -> bool:
    """Tell whether it is to be talked about with somebody else, as in `поговорю с заказчиком`."""
    after = [word for word in words[trigger.at.index + 1 :] if word.clause == trigger.at.clause]
    pairs = itertools.pairwise(after)
    return any(one.low in ("с", "со") and other.form("NOUN", "ablt") for one, other in pairs)


def _begin(words: Sequence[ParsedWord], triggers: Sequence[Trigger], n: int) -> int:
    """Return the first word that belongs to a trigger: of its clause, or after the `и` that parts it from the last."""
    at = triggers[n].at
    first = next(word.index for word in words if word.clause == at.clause)
    if not n:
        return first
    last = triggers[n - 1].at
    if last.clause < at.clause:
        return first
    conjunctions = [w.index for w in words[last.index + 1 : at.index] if w.low in ("и", "а", "но")]
    return conjunctions[-1] if conjunctions else at.index
