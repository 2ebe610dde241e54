"""What an English sentence says is to be done: promises, requests, duties, by the words before a verb."""

import re
from collections.abc import Iterator, Sequence

from services.recommendations.meetings.adapters.english.patterns import (
    CONCRETE_HERE,
    CUT,
    LATER,
    LETS,
    REASON,
)
from services.recommendations.meetings.adapters.english.things import things_of
from services.recommendations.meetings.adapters.english.triggers import (
    Trigger,
    called_in,
    find_triggers,
)
from services.recommendations.meetings.adapters.english.words import (
    DROPPED,
    EMPTY,
    LOOSE_ENDS,
    OF_THE_MEETING,
    OUTSIDE,
    PERSONS,
    PLURALS,
    PRONOUNS,
    VAGUE,
)
from services.recommendations.meetings.adapters.sentences import (
    Sentence,
    SentenceTask,
    Thing,
    title_of,
)

FEW_WORDS = 2
"""Beside a pronoun so few words leave open what is meant."""
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")


class EnglishTasks:
    """Finds tasks in English sentences; `it` means what was talked of at most `reach` sentences before."""

    reach = 5

    def read(self, sentence: Sentence) -> tuple[list[str], list[SentenceTask]]:
        """Return who is called by name in a sentence, and what is to be done by it."""
        called = called_in(sentence)
        return called, list(_find(sentence, called))

    def things(self, sentence: Sentence) -> list[Thing]:
        """Return what is talked of in a sentence, in its order."""
        return things_of(sentence)

    def may_mean(self, todo: SentenceTask, thing: Thing) -> bool:
        """Tell whether the pronoun of a task may stand for a thing."""
        person = todo.points_at in PERSONS
        if person or thing.person:
            return person and thing.person
        return thing.plural == (todo.points_at in PLURALS)

    def points(self, todo: SentenceTask, thing: Thing) -> str:
        """Return the title of a task with what its pronoun means."""
        words = todo.title.split()
        pronouns = PERSONS if thing.person else PRONOUNS
        for n, word in enumerate(words):
            if word.lower() in pronouns:
                return title_of("", [*words[:n], thing.forms[""], *words[n + 1 :]])
        return title_of(todo.title, [thing.forms[""]])


def _find(sentence: Sentence, called: Sequence[str]) -> Iterator[SentenceTask]:
    found = find_triggers(sentence, called)
    starts = sorted({each.start for each in found})
    for each in found:
        stop = next((start for start in starts if start > each.start), len(sentence.text))
        yield _todo(sentence, each, stop, alone=len(starts) == 1)


def _todo(sentence: Sentence, found: Trigger, stop: int, *, alone: bool) -> SentenceTask:
    start = found.stop
    rest = sentence.text[start:stop]
    cut = CUT.search(rest)
    rest = rest[: cut.start()] if cut else rest
    words = [
        word
        for word in _WORD.finditer(rest)
        if not sentence.dated(start + word.start())
        and word.group().lower() not in DROPPED
        and not _is_call(sentence, start + word.start(), word.group())
    ]
    while words and words[-1].group().lower() in LOOSE_ENDS:
        words.pop()
    reason = REASON.search(sentence.text, start)
    end = reason.start() if reason else len(sentence.text)
    due = sentence.due(0, end) if alone else sentence.due(found.start, min(stop, end))
    return SentenceTask(
        who=found.who,
        force=found.force,
        name=found.name,
        verb=found.verb,
        title=title_of(found.verb, (word.group() for word in words)),
        objects=frozenset()
        if found.verb in VAGUE and words and words[0].group().lower() in PRONOUNS
        else frozenset(word.group().lower() for word in words if word.group().lower() not in EMPTY),
        vague=found.verb in VAGUE,
        concrete=CONCRETE_HERE.match(f"{found.verb}{sentence.text[found.stop :]}") is not None,
        later=LATER.search(sentence.text) is not None
        or (found.verb in OUTSIDE and LETS.search(sentence.text[: found.start]) is not None),
        general=found.general,
        conduct=found.verb in OF_THE_MEETING,
        points_at=_points_at(found.verb, words),
        due=due,
    )


def _points_at(verb: str, words: Sequence[re.Match[str]]) -> str:
    """Return the pronoun that stands for the thing, right after the verb or its particle."""
    low = [word.group().lower() for word in words]
    if not low:
        return " "
    if low[0] in PERSONS:
        return low[0] if len(low) == 1 or low[1] in EMPTY else ""
    pronoun = next((word for word in low[:2] if word in PRONOUNS), "")
    things = [word for word in low if word not in EMPTY]
    return (
        pronoun
        if pronoun
        and (low[0] == pronoun or low[0] in EMPTY)
        and (len(things) <= FEW_WORDS or verb in VAGUE)
        else ""
    )


def _is_call(sentence: Sentence, start: int, word: str) -> bool:
    """Tell whether somebody is called, as in `can you check it, Bob?`."""
    names = {part for name in sentence.speakers for part in name.split()}
    return word in names and sentence.text[:start].rstrip().endswith(",")
