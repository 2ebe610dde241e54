"""What a Russian sentence says is to be done, and by whom."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from services.recommendations.meetings.adapters.russian.parser import BREAK, RussianParser
from services.recommendations.meetings.adapters.russian.phrases import (
    ParsedWord,
    Trigger,
    phrase,
    spelled,
)
from services.recommendations.meetings.adapters.russian.things import things_of
from services.recommendations.meetings.adapters.russian.triggers import (
    find_triggers,
    talks_with_somebody,
)
from services.recommendations.meetings.adapters.russian.words import (
    CONCRETE,
    FILLERS,
    INTRANSITIVE,
    LATER,
    NOW,
    OF_DATIVE,
    OF_PERSONS,
    OF_THE_MEETING,
    POINTERS,
    VAGUE,
)
from services.recommendations.meetings.adapters.sentences import (
    Force,
    Sentence,
    SentenceTask,
    Thing,
    Who,
    title_of,
)

_NO_THINGS = ("PREP", "CONJ", "PRCL", "INTJ", "NPRO", "ADVB")


class RussianTasks:
    """Finds tasks in Russian sentences; a pronoun, which has a gender, means what was talked of at most `reach` before."""

    reach = 6

    def __init__(self) -> None:
        self._parser = RussianParser()

    def read(self, sentence: Sentence) -> tuple[list[str], list[SentenceTask]]:
        """Return who is called by name in a sentence, and what is to be done by it."""
        words = self._parser.words(sentence)
        return _called(sentence, words), list(_find(sentence, words))

    def things(self, sentence: Sentence) -> list[Thing]:
        """Return what is talked of in a sentence, in its order."""
        return things_of(sentence, self._parser.words(sentence))

    def may_mean(self, todo: SentenceTask, thing: Thing) -> bool:
        """Tell whether the pronoun of a task may stand for a thing."""
        if thing.person and todo.verb not in OF_DATIVE:
            return False
        wanted = POINTERS.get(todo.points_at, "")
        return not wanted or ("plur" if thing.plural else thing.gender) in wanted.split()

    def points(self, todo: SentenceTask, thing: Thing) -> str:
        """Return the title of a task with what its pronoun means, in the case that the verb takes."""
        dative = todo.verb in OF_DATIVE and (thing.person or todo.verb not in OF_PERSONS)
        case = "datv" if dative else "accs"
        verb, *rest = todo.title.split()
        return title_of(verb, [thing.forms[case], *rest])


def _find(sentence: Sentence, words: list[ParsedWord]) -> Iterator[SentenceTask]:
    triggers = find_triggers(sentence, words)
    starts = [_begin(words, triggers, n) for n in range(len(triggers))]
    for n, trigger in enumerate(triggers):
        stop = starts[n + 1] if n + 1 < len(triggers) else len(words)
        todo = _todo(sentence, words[starts[n] : stop], trigger, alone=len(triggers) == 1)
        yield todo
        for name in trigger.also:
            yield replace(todo, name=name, who=Who.NAMED)


def _todo(
    sentence: Sentence, words: Sequence[ParsedWord], trigger: Trigger, *, alone: bool
) -> SentenceTask:
    kept = phrase(words, trigger, sentence)
    start = words[0].start
    if sentence.unmarked:
        verbs = [word for word in words if word.index < trigger.at.index and word.sure("VERB")]
        start = verbs[-1].stop if verbs else start
    due = sentence.due(start, words[-1].stop)
    if due is None and alone and not sentence.unmarked:
        due = sentence.due(0, len(sentence.text))
    verb = trigger.verb.lower()
    now = any(word.low in NOW for word in words)
    same = trigger.at.low == verb and trigger.at.form("INFN") is None
    noun = trigger.force is Force.ASSIGNED or same
    return SentenceTask(
        who=trigger.who,
        force=trigger.force,
        name=trigger.name,
        verb=verb,
        title=title_of(trigger.verb, spelled(kept, trigger, sentence)),
        objects=frozenset(
            word.readings[0].normal_form
            for word in kept
            if word.readings[0].tag.POS not in _NO_THINGS
        )
        | ({trigger.at.low} if trigger.force is Force.ASSIGNED else frozenset()),
        vague=verb in VAGUE,
        concrete=verb in CONCRETE or noun or talks_with_somebody(trigger, words),
        later=any(word.low in LATER for word in words),
        general=False,
        conduct=verb in OF_THE_MEETING,
        points_at="" if noun or now or verb in INTRANSITIVE else _points_at(words, kept),
        due=due,
    )


def _points_at(words: Sequence[ParsedWord], kept: Sequence[ParsedWord]) -> str:
    """Return the pronoun that stands for the thing, ` ` where nothing does."""
    if any(word.readings[0].tag.POS in ("NOUN", "NUMR", "ADJF") for word in kept):
        return ""
    if any(word.low in ("ним", "ней", "нему", "них", "нами") for word in kept):
        return ""
    return next((word.low for word in words if word.low in POINTERS), " ")


def _called(sentence: Sentence, words: Sequence[ParsedWord]) -> list[str]:
    """Return who is called by name, as in `Анна, подготовь ...` or `Ну, Анна, ...`."""
    called = []
    for word in words:
        after = words[word.index + 1] if word.index + 1 < len(words) else None
        end = after.stop if after and after.family else word.stop
        alone = BREAK.match(sentence.text[end : end + 1] or ".")
        before = sentence.text[: word.start].rstrip()
        first = all(other.low in FILLERS for other in words[: word.index])
        if (word.name and alone and (first or before[-1] in ",.!?:—–…")) or (
            word.name
            and first
            and word.names("nomn")
            and after
            and (sentence.unmarked or after.low in ("ты", "вы", "тогда"))
        ):
            called.append(word.name)
    return called


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
