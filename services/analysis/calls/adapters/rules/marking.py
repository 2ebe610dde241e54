"""What an operator does by saying something, told by how and where it is said rather than by which words.

Each word that does something is given a key for it, so that phrases of playbooks find it.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from services.analysis.calls.adapters.rules.opening import mark_opening
from services.analysis.calls.adapters.rules.spoken import Marks, Spoken
from services.analysis.calls.domain import Conversation, Speaker, Turn
from services.analysis.playbooks.phrases import (
    ARGUMENT,
    NEED_QUESTION,
    OFFERED_TIME,
    REPEATED_TIME,
)
from services.analysis.words.lemmas import LemmatisedSentence, Lemmatiser
from services.analysis.words.times import days, hours

ARGUMENT_WORDS = 8
LONGEST_ASKED_FRAGMENT = 3
_FIRST_WORDS = 4
_ASKING = frozenset(
    (
        *("какой", "когда", "сколько", "где", "куда", "как", "чей", "кто", "ли", "откуда"),
        *("что", "зачем", "почему"),
        *("=what", "=what's", "=when", "=when's", "=where", "=where's", "=who", "=which", "=how"),
        *("=why", "=whose", "=who's"),
    )
)
_REQUESTS = frozenset(
    (
        *("=подскажите", "=скажите", "=назовите", "=напишите", "=продиктуйте", "=оставьте"),
        *("=уточните", "=представьтесь", "=напомните", "=сообщите", "=дайте", "=диктуйте"),
    )
)
_PLEASE = frozenset(("=пожалуйста", "=please"))
_ASKING_FIRST = frozenset(
    (
        *("=is", "=are", "=do", "=does", "=did", "=have", "=has", "=can", "=could", "=would"),
        *("=will", "=shall", "=may", "=was", "=were", "=any", "=d'you"),
    )
)
_CONTACTS = frozenset(
    (
        *("имя", "фамилия", "отчество", "телефон", "номер", "адрес", "почта", "звать", "записать"),
        *("обращаться", "карта", "договор", "заказ", "=name", "=name's", "=names", "surnam"),
        *("number", "phone", "mobil", "email", "address", "postcod", "cell"),
    )
)
_OFFERS = frozenset(
    (
        *("есть", "свободный", "свободно", "свободен", "=могу", "=можем", "мочь", "предложить"),
        *("записать", "подойти", "удобно", "удобный", "устроить", "устраивать", "=давайте"),
        *("=приходите", "=приезжайте", "=подъезжайте", "=подходите", "=подгоняйте", "=ждем"),
        *(
            "=жду",
            "остаться",
            "окно",
            "окошко",
            "место",
            "ближайший",
            "=ближайшее",
            "=ближайшая",
            "можно",
            "найтись",
        ),
        *("освободиться", "поставить", "примет", "принять", "лучше", "подъехать", "прийти"),
        *("=could", "=can", "=got", "=have", "=i've", "=ive", "=we've", "=he's", "=she's", "=free"),
        *("=available", "slot", "open", "=how", "=would", "=does", "suit", "work", "=there's"),
        *("offer", "=i'd", "=fit", "=squeeze", "=do", "=see", "=let's", "book", "=shall", "=about"),
    )
)
_NO_OFFER = frozenset(
    (
        *("работать", "график", "режим", "открываться", "закрываться", "закрыть", "обычно"),
        *("=were", "=was", "=ago", "вчера", "прошлый", "=last", "close", "=until", "=till"),
        *("скидка", "акция", "рассрочка", "гарантия", "действовать", "рождение", "родиться"),
        *("=был", "=была", "=были", "discount", "warranti", "guarante", "sale", "birth", "=born"),
    )
)
_NO_NEED = frozenset(
    (
        *("удобно", "помочь", "=еще", "записать", "записывать", "=слышно", "=алло", "верно"),
        *("правильно", "точно", "понятно", "=help", "=else", "=okay", "=ok", "=hello", "book"),
        *("=right", "schedul", "хорошо", "договориться", "подойти", "устроить", "=suit"),
        *("перезвонить", "набрать", "=ring", "=call", "подождать", "=hold", "интересный"),
    )
)
_OR = frozenset(("=или", "=or"))
_TAG = re.compile(r",? \w+n['’]t (?:you|it|we|they|he|she|i)\?$", re.IGNORECASE)


def marked(
    conversation: Conversation, spoken: Sequence[Spoken], lemmatiser: Lemmatiser
) -> tuple[Spoken, ...]:
    """Return the sentences of a conversation, those words that do something with the keys of it."""
    marks: Marks = defaultdict(set)
    mark_opening(conversation, spoken, marks, lemmatiser)
    _mark_times(spoken, marks)
    _mark_speech(spoken, marks)
    return tuple(
        (turn, _with(sentence, marks, number)) for number, (turn, sentence) in enumerate(spoken)
    )


def questioned(turn: Turn, sentence: LemmatisedSentence) -> bool:
    """Tell whether a sentence is a question: by its mark, or where a turn has no marks, by how it begins."""
    if sentence.text.rstrip().endswith("?") or "=ли" in sentence.keys:
        return True
    if _marked_up(turn) or not sentence.words:
        return False
    return not sentence.words[0].keys.isdisjoint(_ASKING | _ASKING_FIRST)


def asked(turn: Turn, sentence: LemmatisedSentence) -> bool:
    """Tell whether a sentence is a question or a request: by its mark, or by its words where a turn has no marks."""
    if sentence.text.rstrip().endswith("?"):
        return True
    if not _REQUESTS.isdisjoint(sentence.keys):
        return True
    if _marked_up(turn) or not sentence.words:
        return False
    # A recogniser's sentences end with a point at least; of a text without any the first words are not known.
    near = sentence.words[:_FIRST_WORDS] if turn.words else sentence.words
    return any(not word.keys.isdisjoint(_ASKING) for word in near) or any(
        not word.keys.isdisjoint(_ASKING_FIRST)
        and (not position or sentence.words[position - 1].clause != word.clause)
        for position, word in enumerate(sentence.words)
    )


def asked_for(turn: Turn, sentence: LemmatisedSentence) -> bool:
    """Tell whether something may be asked for in a sentence, as in `фамилию, пожалуйста`.

    Where a turn has no marks, so in a mere `фамилия имя`.
    """
    return (
        asked(turn, sentence)
        or not _PLEASE.isdisjoint(sentence.keys)
        or (not _marked_up(turn) and len(sentence.words) <= LONGEST_ASKED_FRAGMENT)
    )


def _marked_up(turn: Turn) -> bool:
    """Tell whether a turn has marks that tell questions from statements; a recogniser's do not."""
    return not turn.words and re.search(r"[.!?]", turn.text) is not None


def _with(sentence: LemmatisedSentence, marks: Marks, number: int) -> LemmatisedSentence:
    if not any((number, position) in marks for position in range(len(sentence.words))):
        return sentence
    words = tuple(
        replace(word, keys=word.keys | marks[number, position])
        if (number, position) in marks
        else word
        for position, word in enumerate(sentence.words)
    )
    return replace(sentence, words=words, keys=sentence.keys.union(*(word.keys for word in words)))


def _mark_times(spoken: Sequence[Spoken], marks: Marks) -> None:
    """Mark the times that the operator offers, and those that they repeat."""
    said_days: set[str] = set()
    said_hours: set[str] = set()
    for index, group in _by_turn(spoken):
        turn = spoken[group[0]][0]
        turn_days: dict[str, tuple[int, int]] = {}
        turn_hours: dict[str, tuple[int, int]] = {}
        for number in group:
            sentence = spoken[number][1]
            found_days = dict(_reversed(days(sentence.words)))
            found_hours = dict(_reversed(hours(sentence.words)))
            turn_days |= {name: (number, at) for name, at in found_days.items()}
            turn_hours |= {name: (number, at) for name, at in found_hours.items()}
            first = min((*found_days.values(), *found_hours.values()), default=None)
            if (
                first is not None
                and turn.speaker is not Speaker.CLIENT
                and index > 0
                and _NO_OFFER.isdisjoint(sentence.keys)
                and (
                    (found_days and found_hours)
                    or asked(turn, sentence)
                    or not _OFFERS.isdisjoint(sentence.keys)
                )
            ):
                marks[number, first].add(OFFERED_TIME)
        if turn.speaker is not Speaker.CLIENT and turn_days and turn_hours:
            repeats = (turn_days.keys() & said_days, turn_hours.keys() & said_hours)
            open_still = any(asked(turn, spoken[number][1]) for number in group)
            named = (*turn_days.values(), *turn_hours.values())
            choice = any(not _OR.isdisjoint(spoken[number][1].keys) for number, _ in named)
            if not choice and (all(repeats) if open_still else any(repeats)):
                marks[max(turn_days.values())].add(REPEATED_TIME)
        said_days |= turn_days.keys()
        said_hours |= turn_hours.keys()


def _reversed(found: Iterable[tuple[int, str]]) -> Iterator[tuple[str, int]]:
    return ((name, position) for position, name in found)


def _mark_speech(spoken: Sequence[Spoken], marks: Marks) -> None:
    """Mark the operator's questions about what is needed, and what they say at some length."""
    client_spoke = False
    for _, group in _by_turn(spoken):
        turn = spoken[group[0]][0]
        if turn.speaker is Speaker.CLIENT:
            client_spoke = True
            continue
        stated = 0
        for number in group:
            sentence = spoken[number][1]
            if not asked(turn, sentence):
                stated += len(sentence.words)
            elif (client_spoke or turn.speaker is Speaker.UNKNOWN) and _of_needs(sentence):
                marks[number, 0].add(NEED_QUESTION)
        if stated >= ARGUMENT_WORDS:
            longest = max(group, key=lambda number: len(spoken[number][1].words))
            marks[longest, 0].add(ARGUMENT)


def _of_needs(sentence: LemmatisedSentence) -> bool:
    return (
        len(sentence.words) > 1
        and sentence.keys.isdisjoint(_CONTACTS | _NO_NEED)
        and not any(days(sentence.words))
        and not any(hours(sentence.words))
        and _TAG.search(sentence.text) is None
    )


def _by_turn(spoken: Sequence[Spoken]) -> Iterator[tuple[int, list[int]]]:
    """Yield the positions of the sentences of each turn, with words."""
    groups: dict[int, list[int]] = {}
    for number, (turn, sentence) in enumerate(spoken):
        if sentence.words:
            groups.setdefault(turn.index, []).append(number)
    yield from groups.items()
