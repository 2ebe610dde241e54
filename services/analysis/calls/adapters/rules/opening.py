"""How an operator answers the phone: who they say they are, and where a caller has reached."""

import re
from collections.abc import Iterable, Iterator, Sequence

from services.analysis.calls.adapters.rules.misheard import misheard
from services.analysis.calls.adapters.rules.spoken import Marks, Spoken
from services.analysis.calls.domain import Conversation, Direction, Speaker, Turn
from services.analysis.playbooks.phrases import FIRM_NAME, OWN_NAME
from services.analysis.words.keys import GENITIVE, NAME, NUMBER, PERHAPS_NAME, VERB
from services.analysis.words.lemmas import LemmatisedSentence, LemmatisedWord, Lemmatiser

_HELLO_WORDS = 2
_LONGEST_FIRM_WORDS = 6
_LONGEST_NAME_WORDS = 3


_ROLES = frozenset(
    (
        *("администратор", "оператор", "менеджер", "секретарь", "консультант", "диспетчер"),
        *("специалист", "мастер", "агент", "приемщик", "помощник", "сотрудник", "ассистент"),
        *("управляющий", "директор", "юрист", "врач", "доктор", "риелтор", "бухгалтер"),
        *("receptionist", "manag", "oper", "administr", "secretari", "assist", "agent"),
    )
)
# Without the consultant, whom half a `консультация` sounds like.
_MISHEARD_ROLES = frozenset(("администратор", "оператор", "менеджер", "секретарь", "диспетчер"))
_MISHEARD_GREETINGS = frozenset(("здравствуйте",))
_GREETINGS = frozenset(
    (
        *("здравствуйте", "здравствовать", "=здрасте", "=приветствую", "=приветствует", "=привет"),
        *("=добрый", "=доброе", "=доброго", "=алло", "=але", "=hello", "=hi", "=hey", "=good"),
        *(
            "=здрасьте",
            "=morning",
            "=afternoon",
            "=evening",
            "=welcome",
            "=hiya",
            "=g'day",
            "=howdy",
            "=день",
        ),
        *("=дня", "=утро", "=вечер"),
    )
)
_FORMULAS = frozenset(
    (
        *("=слушаю", "=слушаем", "=вас", "=вам", "=я", "=мы", "=да", "=это", "=зовут", "=меня"),
        *("=мое", "=имя", "=у", "=аппарата", "=телефона", "=на", "=связи", "=линии", "=чем"),
        *("=могу", "=можем", "=помочь", "=полезен", "=полезна", "=говорите", "=спасибо", "=за"),
        *("=звонок", "=ваш", "=рады", "=слышать", "=приветствует", "=приветствую", "=беспокоит"),
        *("=минуту", "=минутку", "=минуточку", "=секунду", "=секундочку", "=пожалуйста", "=так"),
        *("=девушка", "=женщина", "=мужчина", "=ну", "=ой", "=угу", "=ага", "=не", "=слышно"),
        *("=вы", "=позвонили", "=дозвонились", "=в", "=что", "=хотели", "=подскажите", "=и"),
        *("=how", "=can", "=may", "=could", "=i", "=we", "=help", "=assist", "=you", "=your"),
        *("=thanks", "=thank", "=for", "=calling", "=speaking", "=this", "=is", "=my", "=name"),
        *("=it's", "=its", "=what", "=do", "=today", "=here", "=yes", "=yeah", "=okay", "=ok"),
        *("=right", "=sorry", "=please", "=hold", "=one", "=moment", "=i'm", "=im", "=name's"),
        *("=you're", "=youre", "=through", "=to", "=with", "=speak", "=from", "=at", "=who's"),
        *("=sure", "=so", "=oh", "=well", "=hang", "=on", "=a", "=got", "=you've", "=reached"),
    )
)
_ABOUT = frozenset(("=по", "=о", "=об", "=насчет", "=про", "=about", "=regarding"))
_OWN_NAME_AFTER = (
    ("=меня", "=зовут"),
    ("=мое", "=имя"),
    ("=my", "=name", "=is"),
    ("=my", "=name's"),
    ("=i'm",),
    ("=this", "=is"),
    ("=it's",),
    ("=name's",),
    ("=through", "=to"),
    ("=speaking", "=with"),
    ("=speaking", "=to"),
)
_FROM = frozenset(("=from", "=at", "=with"))
_OWN_NAME_BEFORE = frozenset(("=speaking", "=here", "=слушает", "=аппарата"))
_MARKS = re.compile(r"[,;:.!?…—–]")


def mark_opening(
    conversation: Conversation, spoken: Sequence[Spoken], marks: Marks, lemmatiser: Lemmatiser
) -> None:
    """Mark whom and where the operator says a caller has reached."""
    opening = set(opening_turns(conversation.turns))
    names: list[tuple[int, int]] = []
    perhaps: list[tuple[int, int]] = []
    firms: list[tuple[int, int]] = []
    for number, (turn, sentence) in enumerate(spoken):
        if turn.index not in opening:
            continue
        kinds = [
            _opening_kind(sentence, position, lemmatiser) for position in range(len(sentence.words))
        ]
        own = dict(_own_names(turn, sentence.words, kinds))
        for position in _firm_names(turn, sentence, kinds, own):
            alone = _alone(sentence.words, position)
            if firms and alone and sentence.words[position].form.isascii():
                names.append((number, position))  # `Velvet and Comb, Denise.`
            else:
                firms.append((number, position))
        names += ((number, position) for position, sure in own.items() if sure)
        perhaps += ((number, position) for position, sure in own.items() if not sure)
    if firms:
        names += perhaps
    else:
        firms = perhaps
    for each in firms:
        marks[each].add(FIRM_NAME)
    called = conversation.call.direction is Direction.OUTGOING and len(names) == 1
    for number, position in names:
        word = spoken[number][1].words[position]
        # Who calls somebody says whose name first: `Добрый день, Марина!`
        if not (called and NAME in word.keys and _addressed(spoken[number][1].words, position)):
            marks[number, position].add(OWN_NAME)


def opening_turns(turns: Sequence[Turn]) -> Iterator[int]:
    """Yield the operator's first turns: up to the client's first, and one more after a mere `hello` of both."""
    said = 0
    answered = False
    for turn in turns:
        words = len(turn.text.split())
        if turn.speaker is Speaker.CLIENT:
            if said and (answered or max(said, words) > _HELLO_WORDS):
                return
            answered = said > 0
        else:
            yield turn.index
            said += words
            if answered or (turn.speaker is Speaker.UNKNOWN and said > _HELLO_WORDS):
                return


def _opening_kind(sentence: LemmatisedSentence, position: int, lemmatiser: Lemmatiser) -> str:
    """Return what a word is among the first: `role`, `greeting`, `formula`, `name` or `other`."""
    word = sentence.words[position]
    if not word.keys.isdisjoint(_ROLES) or misheard(word.form, _MISHEARD_ROLES, lemmatiser):
        return "role"
    if not word.keys.isdisjoint(_GREETINGS) or misheard(word.form, _MISHEARD_GREETINGS, lemmatiser):
        return "greeting"
    if not word.keys.isdisjoint(_FORMULAS):
        return "formula"
    named = NAME in word.keys or _named_alone(sentence, position)
    return "name" if named and not _quoted(sentence, word) else "other"


def _named_alone(sentence: LemmatisedSentence, position: int) -> bool:
    """Tell whether a word that may be a name stands as one: `Кафе «У Палыча», Света.`."""
    word = sentence.words[position]
    return (
        PERHAPS_NAME in word.keys
        and sentence.text[word.start].isupper()
        and _alone(sentence.words, position)
    )


def _own_names(
    turn: Turn, words: Sequence[LemmatisedWord], kinds: Sequence[str]
) -> Iterator[tuple[int, bool]]:
    """Yield the positions of words by which the operator says who they are.

    False beside one tells that it may name the firm as well: `this is Miller Brothers`.
    """
    cased = turn.text != turn.text.lower()
    marked_up = _MARKS.search(turn.text.rstrip(" .!?")) is not None
    for position, (word, kind) in enumerate(zip(words, kinds, strict=True)):
        before = kinds[position - 1] if position else "greeting"
        joined = position > 0 and words[position - 1].clause == word.clause
        after = words[position + 1] if position + 1 < len(words) else None
        if kind == "role":
            yield position, True
        elif kind == "name":
            # In `салон Лилия` and `салон красоты Лилия` the name is the salon's.
            near = words[max(0, position - 2) : position]
            called = any("=меня" in each.keys for each in near)  # `меня завут Ольга`
            follows_noun = joined and before == "other" and not called
            genitive = position > 0 and GENITIVE in words[position - 1].keys
            if not follows_noun or (not marked_up and not genitive and position >= 2):  # noqa: PLR2004
                yield position, True
        elif kind == "other" and word.form.isalpha():
            forms = tuple(f"={each.form}" for each in words[max(0, position - 3) : position])
            introduced = any(forms[-len(key) :] == key for key in _OWN_NAME_AFTER if forms)
            rest = _rest_of_clause(words, position)
            first = not joined or before in ("greeting", "formula")
            if (
                after is not None
                and after.clause == word.clause
                and (
                    not after.keys.isdisjoint(_OWN_NAME_BEFORE)
                    or (first and not after.keys.isdisjoint(_FROM) and cased)
                )
            ):
                yield position, True
            elif introduced and rest <= _LONGEST_NAME_WORDS:
                yield from ((each, rest == 1) for each in range(position, position + rest))


def _rest_of_clause(words: Sequence[LemmatisedWord], start: int) -> int:
    """Count the words from a position to the end of a name: of the clause, or to a word such as `from`."""
    count = 0
    for word in words[start:]:
        if word.clause != words[start].clause or not word.keys.isdisjoint(
            ("=from", "=at", "=speaking", "=calling", "=how", "=here", "=of", "=чем", "=слушаю")
        ):
            break
        count += 1
    return count


def _firm_names(
    turn: Turn, sentence: LemmatisedSentence, kinds: Sequence[str], own: Iterable[int]
) -> Iterator[int]:
    """Yield where a name stands that is neither the operator's nor a greeting: a firm's, however it is called."""
    words = sentence.words
    taken = set(own)
    cased = turn.text != turn.text.lower()
    runs: list[list[int]] = []
    for position, kind in enumerate(kinds):
        if position in taken or kind in ("greeting", "formula", "role"):
            continue
        near = runs[-1][-1] if runs else None
        if near == position - 1 and words[near].clause == words[position].clause:
            runs[-1].append(position)
        else:
            runs.append([position])
    for run in runs:
        clause = [w for w in words if w.clause == words[run[0]].clause]
        said = [words[position] for position in run]
        heads = [sentence.text[word.start] for word in said]
        names_alone = all(kinds[position] == "name" for position in run)
        if (
            len(run) > _LONGEST_FIRM_WORDS
            or any(NUMBER in word.keys for word in said)
            or names_alone
            or max(len(word.form) for word in said) < 3  # noqa: PLR2004
            or any(VERB in w.keys and w.keys.isdisjoint(_FORMULAS) for w in clause)
            or any(not w.keys.isdisjoint(_ABOUT) and w.start < said[0].start for w in clause)
            or (sentence.text.rstrip().endswith("?") and clause[-1] is words[-1])
            or (
                cased
                and said[0].form.isascii()
                and not any(map(str.isupper, heads))
                and not _reached(words, run[0])
            )
        ):
            continue
        yield run[0]


def _reached(words: Sequence[LemmatisedWord], position: int) -> bool:
    """Tell whether what stands before a word tells that it is a firm, as in `thanks for calling`."""
    return position > 0 and words[position - 1].form in ("calling", "reached", "at", "from")


def _quoted(sentence: LemmatisedSentence, word: LemmatisedWord) -> bool:
    return word.start > 0 and sentence.text[word.start - 1] in "«\"“'"


def _alone(words: Sequence[LemmatisedWord], position: int) -> bool:
    """Tell whether a word is all of its clause."""
    return sum(word.clause == words[position].clause for word in words) == 1


def _addressed(words: Sequence[LemmatisedWord], position: int) -> bool:
    """Tell whether a name stands beside a greeting and nothing else in its clause: `Добрый день, Марина`."""
    clause = words[position].clause
    return sum(word.clause == clause for word in words) <= 2  # noqa: PLR2004
