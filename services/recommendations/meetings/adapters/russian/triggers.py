"""Where a Russian sentence gives somebody something to do: promises, requests, duties, by the forms of its verbs."""

import itertools
from collections.abc import Iterator, Sequence

from services.recommendations.meetings.adapters.russian.phrases import ParsedWord, Trigger
from services.recommendations.meetings.adapters.russian.words import (
    ABLE,
    ASKING,
    LET,
    MUST,
    NEGATIONS,
    NO_TASK,
    NOW,
    OF_DATIVE,
    OF_THE_MEETING,
    OUGHT,
    READY,
    TALK_VERBS,
    UNREAL,
    WAS,
    WILLING,
    YOU_ABLE,
)
from services.recommendations.meetings.adapters.sentences import Force, Sentence, Who

REACH = 6
"""Words before a verb in which is looked for what makes a duty of it."""
PAIR = 2
SHORT_WORDS = 2
"""`Закажу сейчас` may be an answer, more words are of the moment."""
_SOMEBODY = ("кто", "кто-то", "кто-нибудь", "кому-то", "кому-нибудь")
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


def find_triggers(sentence: Sentence, words: Sequence[ParsedWord]) -> list[Trigger]:
    """Return the verbs of a sentence that give somebody something to do, in their order."""
    triggers = _triggers_in(sentence, words)
    return [trigger for trigger in triggers if _real(trigger, words, sentence)]


def _triggers_in(sentence: Sentence, words: Sequence[ParsedWord]) -> Iterator[Trigger]:
    for word in words:
        before = words[max(0, word.index - REACH) : word.index]
        near = [each for each in before if each.clause == word.clause]
        trigger = _of_infinitive(sentence, word, words, near) or _of_verb(
            sentence, word, words, near
        )
        trigger = trigger or _of_noun(word, words, near)
        if trigger:
            yield trigger


def _of_infinitive(
    sentence: Sentence, word: ParsedWord, words: Sequence[ParsedWord], near: list[ParsedWord]
) -> Trigger | None:
    """Find `надо ...`, `должна ...`, `могу ...`, `можешь ...?`, `прошу ...`, `не забудь ...` before an infinitive."""
    infinitive = word.form("INFN")
    if infinitive is None or any(each.low in WAS for each in near):
        return None
    verb = infinitive.normal_form
    for at, each in enumerate(near):
        if (each.low in MUST or each.low in OUGHT) and not sentence.asks:
            return _of_duty(word, verb, near, at)
        if each.low in ("прошу", "попрошу", "поручаю", "поручим"):
            return _of_request(word, verb, near, at)
        if each.low in ("забудь", "забудьте") and at and near[at - 1].low == "не":
            used = (each.index, near[at - 1].index)
            return Trigger(at=word, who=Who.ADDRESSEE, force=Force.ASKED, verb=verb, used=used)
        told = _of_modal(each, asks=sentence.asks)
        if told:
            who, force = told
            return Trigger(at=word, who=who, force=force, verb=verb, used=(each.index,))
    return _of_list(sentence, word, words, verb)


def _of_modal(word: ParsedWord, *, asks: bool) -> tuple[Who, Force] | None:
    """Return whom a word before an infinitive gives it to do, and how."""
    if word.low in WILLING and not asks:
        return Who.SPEAKER, Force.PROMISED
    if word.low in ABLE and not asks:
        return Who.SPEAKER, Force.OFFERED
    if word.low in YOU_ABLE and asks:
        return Who.ADDRESSEE, Force.ASKED
    if word.low in READY and asks:
        return Who.NOBODY, Force.NEEDED
    return (Who.NOBODY, Force.NEEDED) if word.low in LET else None


def _of_duty(word: ParsedWord, verb: str, near: Sequence[ParsedWord], at: int) -> Trigger | None:
    who, name = _obliged([*near[:at], *near[at + 1 :]], near[at])
    if name and verb in OF_DATIVE and near[at].low in MUST:
        who, name = Who.NOBODY, ""  # `дяде Вите надо позвонить`
    if who is None:
        return None
    force = Force.NEEDED if who in (Who.NOBODY, Who.SPEAKER) else Force.ASKED
    return Trigger(at=word, who=who, force=force, verb=verb, name=name, used=(near[at].index,))


def _of_request(word: ParsedWord, verb: str, near: Sequence[ParsedWord], at: int) -> Trigger:
    name = next((other.name for other in near[at + 1 :] if other.name), "")
    who = Who.NAMED if name else Who.ADDRESSEE
    used = (near[at].index,)
    return Trigger(at=word, who=who, force=Force.ASKED, verb=verb, name=name, used=used)


def _of_list(
    sentence: Sentence, word: ParsedWord, words: Sequence[ParsedWord], verb: str
) -> Trigger | None:
    """Find `Борису подготовить отчёт`, as a secretary reads it out."""
    if sentence.asks or not word.index:
        return None
    before = words[word.index - 1]
    whose = before.name or before.family
    first = words[word.index - 2] if before.family and word.index > 1 else before
    if not whose or not first.names("datv"):
        return None
    if any(
        each.form("VERB")
        for each in words[: word.index]
        if each.clause == word.clause and not each.name
    ):
        return None
    return Trigger(at=word, who=Who.NAMED, force=Force.ASSIGNED, verb=verb, name=whose)


def _obliged(near: Sequence[ParsedWord], modal: ParsedWord) -> tuple[Who | None, str]:
    """Return who must: by dative with `надо`, by subject with `должен`."""
    for word in near:
        if modal.low in MUST and word.low in ("мне", "тебе", "вам"):
            return _MINE[word.low], ""
        if modal.low in OUGHT and word.low in ("я", "ты", "вы"):
            return (Who.SPEAKER if word.low == "я" else Who.ADDRESSEE), ""
        if word.names("datv" if modal.low in MUST else "nomn"):
            return Who.NAMED, word.name
    if modal.low in OUGHT and not any(word.low in ("мы", *_SOMEBODY) for word in near):
        return None, ""  # somebody who is not in the meeting
    return Who.NOBODY, ""


def _of_verb(
    sentence: Sentence, word: ParsedWord, words: Sequence[ParsedWord], near: Sequence[ParsedWord]
) -> Trigger | None:
    """Find promises, requests and assignments by a finite verb."""
    return (
        _of_first_person(sentence, word, words, near)
        or _of_second_person(sentence, word, words, near)
        or _of_third_person(sentence, word, words, near)
    )


def _of_first_person(
    sentence: Sentence, word: ParsedWord, words: Sequence[ParsedWord], near: Sequence[ParsedWord]
) -> Trigger | None:
    promised = ("VERB", "futr", "1per", "sing")
    mine = any(each.low == "я" for each in near) and not any(each.sure(*promised) for each in near)
    if verb := (word.form if mine else word.sure)(*promised):
        asks = sentence.asks or any(
            each.low in ("хотите", "хочешь") for each in words[: word.index]
        )
        force = Force.OFFERED if asks else Force.PROMISED
        return Trigger(at=word, who=Who.SPEAKER, force=force, verb=verb.normal_form)
    if sentence.asks:
        return None
    ongoing = word.sure("VERB", "pres", "1per", "sing")
    if word.low == "беру":
        return Trigger(at=word, who=Who.SPEAKER, force=Force.PROMISED, verb="взять")
    if ongoing and sentence.dates:
        verb = ongoing.normal_form
        return Trigger(at=word, who=Who.SPEAKER, force=Force.PROMISED, verb=verb)
    ours = word.sure("VERB", "futr", "1per", "plur")
    with_me = _with_me(words) if ours else None
    if ours and with_me:
        return Trigger(
            at=word,
            who=Who.SPEAKER,
            force=Force.PROMISED,
            verb=ours.normal_form,
            also=(with_me.name,),
            used=(with_me.index, with_me.index - 1),
        )
    if ours:
        return Trigger(at=word, who=Who.NOBODY, force=Force.NEEDED, verb=ours.normal_form)
    return None


def _with_me(words: Sequence[ParsedWord]) -> ParsedWord | None:
    """Return who does something with the speaker, as in `мы с Леной`."""
    for at, word in enumerate(words[:-2]):
        name = words[at + 2]
        if word.low == "мы" and words[at + 1].low in ("с", "со") and name.names("ablt"):
            return name
    return None


def _of_second_person(
    sentence: Sentence, word: ParsedWord, words: Sequence[ParsedWord], near: Sequence[ParsedWord]
) -> Trigger | None:
    order = word.sure("VERB", "impr")
    if order and word.low not in LET and not sentence.asks:
        called = any(each.name or each.low == "пожалуйста" for each in words)
        if called or word.form("VERB", "past") is None:  # `все пришли` is no order
            return _order(word, order.normal_form, near)
    verb = word.form("VERB", "futr", "2per")
    if verb and word.low not in YOU_ABLE:
        told = any(each.low in ("ты", "вы") or each.low in LET for each in near)
        if sentence.asks or told:
            return Trigger(at=word, who=Who.ADDRESSEE, force=Force.ASKED, verb=verb.normal_form)
    return None


def _of_third_person(
    sentence: Sentence, word: ParsedWord, words: Sequence[ParsedWord], near: Sequence[ParsedWord]
) -> Trigger | None:
    verb = word.sure("VERB", "futr", "3per")
    if sentence.asks and word.low in READY:
        return None
    if sentence.asks:
        verb = verb or word.sure("VERB", "pres", "3per")
        used = tuple(each.index for each in words if each.low in _SOMEBODY)
        if verb is None or not any(each.low in _SOMEBODY for each in near):
            return None
        return Trigger(
            at=word, who=Who.NOBODY, force=Force.NEEDED, verb=verb.normal_form, used=used
        )
    subjects = _subjects(word, words, plural="plur" in verb.tag) if verb else []
    if verb is None or not subjects:
        return None
    links = [each.index - 1 for each in subjects if each.index]
    joined = [index for index in links if words[index].low in ("и", "пусть")]
    return Trigger(
        at=word,
        who=Who.NAMED,
        force=Force.PROMISED,
        verb=verb.normal_form,
        name=subjects[0].name,
        also=tuple(each.name for each in subjects[1:]),
        used=(*(each.index for each in subjects), *joined),
    )


def _order(word: ParsedWord, verb: str, near: Sequence[ParsedWord]) -> Trigger:
    """Find an order to who is called right before it without a comma, as speech is recognised, or to whoever is meant."""
    call = [each for each in near[-3:] if each.low not in ("ты", "вы", "пожалуйста", "тогда")]
    if call and call[-1].names("nomn"):
        return Trigger(
            at=word,
            who=Who.NAMED,
            force=Force.ASKED,
            verb=verb,
            name=call[-1].name,
            used=(call[-1].index,),
        )
    return Trigger(at=word, who=Who.ADDRESSEE, force=Force.ASKED, verb=verb)


def _subjects(verb: ParsedWord, words: Sequence[ParsedWord], *, plural: bool) -> list[ParsedWord]:
    """Return the names that are the subject of a verb in its clause: one, or two and more of a verb in the plural."""
    clause = [word for word in words if word.clause == verb.clause]
    named = [word for word in clause if word.names("nomn")]
    if not plural:
        return named[:1]
    return named if len(named) > 1 else []


def _of_noun(
    word: ParsedWord, words: Sequence[ParsedWord], near: Sequence[ParsedWord]
) -> Trigger | None:
    """Find `с тебя отчёт`, `за Борисом презентация`, `отчёт на тебе`."""
    if word.form("NOUN", "nomn") is None or word.name or word.family:
        return None
    if trigger := _wanted_of(word, words):
        return trigger
    if trigger := _asked_for(word, words):
        return trigger
    *_, preposition, whose = (None, None, *near)
    if preposition is None or whose is None or preposition.low not in ("с", "за", "на"):
        after = [each for each in words[word.index + 1 :] if each.clause == word.clause]
        if len(after) != PAIR or after[0].low not in ("на", "за"):
            return None
        preposition, whose = after
    who = _MINE.get(whose.low) or (Who.NAMED if whose.name else None)
    if who is None or (
        preposition.low == "на"
        and not (whose.low in ("тебе", "мне", "вас", "вам") or whose.names("loct"))
    ):
        return None
    used = (preposition.index, whose.index)
    return Trigger(
        at=word, who=who, force=Force.ASSIGNED, verb=word.text, name=whose.name, used=used
    )


def _wanted_of(word: ParsedWord, words: Sequence[ParsedWord]) -> Trigger | None:
    """Find `рисунки нужны от Ани и от Гоши`."""
    rest = words[word.index + 1 :]
    needed = next((each for each in rest[:3] if each.low in ("нужен", "нужна", "нужны")), None)
    if needed is None:
        return None
    of = [
        one
        for before, one in itertools.pairwise(words[needed.index :])
        if one.names("gent") and before.low in ("от", "и")
    ]
    if not of:
        return None
    used = tuple(each.index for each in rest)
    names = [each.name for each in of]
    return Trigger(
        at=word,
        who=Who.NAMED,
        force=Force.ASSIGNED,
        verb=f"подготовить {word.text}",
        name=names[0],
        also=tuple(names[1:]),
        used=used,
    )


def _asked_for(word: ParsedWord, words: Sequence[ParsedWord]) -> Trigger | None:
    """Find `а подарки кто?`, where there is no verb."""
    who = words[word.index + 1] if word.index + 1 < len(words) else None
    if who is None or who.low != "кто" or any(each.sure("VERB") for each in words):
        return None
    return Trigger(at=word, who=Who.NOBODY, force=Force.NEEDED, verb=word.text, used=(who.index,))


def _real(trigger: Trigger, words: Sequence[ParsedWord], sentence: Sentence) -> bool:
    """Tell whether it is really to be done: not denied, not only thought of, not right now."""
    before = words[: trigger.at.index]
    if any(word.low in UNREAL for word in before) or any(w.low in ("бы", "б") for w in words):
        return False
    clause = [word for word in before if word.clause == trigger.at.clause]
    close = itertools.takewhile(_is_near, reversed(clause[-3:]))
    if any(word.low in NEGATIONS for word in close if word.index not in trigger.used):
        return False
    if (
        sentence.asks
        and trigger.force is not Force.NEEDED
        and any(word.low in ASKING for word in words)
    ):
        return False
    if trigger.verb in NO_TASK:
        return False
    now = not sentence.dates and any(word.low in NOW for word in words)
    if now and len(words) > SHORT_WORDS:
        return False
    if trigger.verb in TALK_VERBS and talks_with_somebody(trigger, words):
        return True
    return trigger.verb not in OF_THE_MEETING or bool(sentence.dates)


def _is_near(word: ParsedWord) -> bool:
    """Tell whether a negation before the word still denies what comes after it."""
    return not word.name and word.sure("VERB") is None


def talks_with_somebody(trigger: Trigger, words: Sequence[ParsedWord]) -> bool:
    """Tell whether it is to be talked about with somebody else, as in `поговорю с заказчиком`."""
    if trigger.verb not in TALK_VERBS:
        return False
    after = [
        word for word in words if word.index > trigger.at.index and word.clause == trigger.at.clause
    ]
    pairs = itertools.pairwise(after)
    return any(one.low in ("с", "со") and other.form("NOUN", "ablt") for one, other in pairs)
