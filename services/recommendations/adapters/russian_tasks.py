"""What a Russian sentence says is to be done: promises, requests, duties, by the forms of its verbs."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pymorphy3.analyzer import Parse

from services.recommendations.adapters.heard import Heard, Said, Who, title_of
from services.recommendations.adapters.russian_people import RussianPeople

_WORD = re.compile(r"[^\W_]+(?:[-'’.][^\W_]+)*")
_BREAK = re.compile(r"[,;:.!?()…—–]|\s-\s")

EVEN = 0.5
FAR_FETCHED = 0.05
"""A reading of a word that is no likelier than this is not meant."""
_NEGATIONS = frozenset(("не", "ни", "нет"))
_UNREAL = frozenset(("бы", "б", "если", "наверное", "наверно", "возможно", "якобы", "вряд"))
_ASKING = frozenset(
    (
        "когда",
        "что",
        "как",
        "почему",
        "где",
        "кто",
        "кого",
        "кому",
        "зачем",
        "сколько",
        "какой",
        "какие",
    )
)
_LET = frozenset(("давай", "давайте"))
_MUST = frozenset(("надо", "нужно", "необходимо", "требуется", "следует", "придётся", "придется"))
_OUGHT = frozenset(("должен", "должна", "должны"))
_ABLE = frozenset(
    ("могу", "смогу", "обещаю", "планирую", "собираюсь", "постараюсь", "готов", "готова")
)
_YOU_ABLE = frozenset(("можешь", "можете", "сможешь", "сможете"))
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
# Said in the course of a meeting, these verbs are about the meeting: they make a task only with a day.
_OF_THE_MEETING = frozenset(
    (
        *("сказать", "рассказать", "повторить", "добавить", "напомнить", "заметить", "отметить"),
        *(
            "подчеркнуть",
            "начать",
            "начинать",
            "закончить",
            "заканчивать",
            "продолжить",
            "продолжать",
        ),
        *(
            "показать",
            "пояснить",
            "объяснить",
            "признаться",
            "признать",
            "согласиться",
            "представить",
        ),
        *("предположить", "стать", "пойти", "побежать", "уйти", "выйти", "отойти", "послушать"),
        *("подождать", "поделиться", "извиниться", "понять", "понимать", "вспомнить", "перейти"),
        *(
            "вернуться",
            "подытожить",
            "мочь",
            "смочь",
            "быть",
            "обсудить",
            "обсуждать",
            "поговорить",
        ),
        *(
            "подумать",
            "думать",
            "посмотреть",
            "смотреть",
            "увидеть",
            "подвести",
            "учитывать",
            "помнить",
        ),
        *(
            "решить",
            "двигаться",
            "поспорить",
            "сказаться",
            "знать",
            "поверить",
            "ждать",
            "созвониться",
        ),
        *(
            "встретиться",
            "давать",
            "слушать",
            "простить",
            "погодить",
            "иметь",
            "учесть",
            "говорить",
        ),
        *("проходить", "заходить", "остановиться", "радоваться", "поехать", "считать", "хотеть"),
    )
)
_VAGUE = frozenset(
    ("сделать", "успеть", "взять", "взяться", "заняться", "принять", "постараться", "брать")
)
_PRONOUNS = frozenset(
    (
        *(
            "я",
            "ты",
            "вы",
            "мы",
            "мне",
            "тебе",
            "вам",
            "нам",
            "его",
            "её",
            "ее",
            "их",
            "это",
            "этим",
        ),
        *(
            "этого",
            "этому",
            "себя",
            "всё",
            "все",
            "сам",
            "сама",
            "сами",
            "меня",
            "тебя",
            "она",
            "он",
        ),
    )
)
_FILLERS = frozenset(
    (
        *(
            "и",
            "а",
            "но",
            "ну",
            "да",
            "так",
            "тогда",
            "хорошо",
            "ладно",
            "ок",
            "окей",
            "пожалуйста",
        ),
        *("значит", "обязательно", "ещё", "еще", "уже", "тоже", "также", "просто", "сразу", "уж"),
        *("отлично", "договорились", "конечно", "только", "срочно", "итак", "же", "ведь", "вот"),
        *("лучше", "думаю", "пусть", "пускай", "давай", "давайте", "прошу", "попрошу"),
        *("срок", "дедлайн", "максимум", "крайний"),
    )
)
_CUTS = frozenset(
    (
        "чтобы",
        "потому",
        "поскольку",
        "если",
        "а",
        "но",
        "иначе",
        "пока",
        "так",
        "ведь",
        "хотя",
        "тогда",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Word:
    place: int
    low: str
    text: str
    start: int
    stop: int
    clause: int
    readings: tuple[Parse, ...]
    name: str

    def form(self, *grammemes: str) -> Parse | None:
        """Return the reading of such a form, if it is no far-fetched one."""
        wanted = set(grammemes)
        return next((r for r in self.readings if r.score > FAR_FETCHED and wanted in r.tag), None)

    def sure(self, *grammemes: str) -> Parse | None:
        """Return the reading of such a form, if the word is rather that than another part of speech: not `смету`."""
        found = self.form(*grammemes)
        if found is None:
            return None
        likely = sum(r.score for r in self.readings if r.tag.POS == found.tag.POS)
        return found if likely > EVEN else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trigger:
    """A verb that gives something to do; `used` are the words that the title does without."""

    at: _Word
    who: Who
    verb: str
    name: str = ""
    used: tuple[int, ...] = ()


class RussianTasks:
    """Hears tasks in Russian sentences."""

    def __init__(self) -> None:
        self._people = RussianPeople()

    def addressee(self, said: Said) -> str:
        """Return who is called by name, as in `Анна, подготовь ...`; empty for nobody."""
        for word in self._words(said):
            alone = _BREAK.match(said.text[word.stop : word.stop + 1] or ".")
            before = said.text[: word.start].rstrip()
            if word.name and alone and (not before or before[-1] in ",.!?:—–"):
                return word.name
        return ""

    def hear(self, said: Said) -> Iterator[Heard]:
        """Yield what is to be done by a sentence."""
        words = self._words(said)
        triggers = [each for each in _triggers(said, words) if _real(each, words, said)]
        starts = [_begin(words, triggers, n) for n in range(len(triggers))]
        for n, trigger in enumerate(triggers):
            stop = starts[n + 1] if n + 1 < len(triggers) else len(words)
            yield self._heard(said, words[starts[n] : stop], trigger, alone=len(triggers) == 1)

    def _words(self, said: Said) -> list[_Word]:
        words: list[_Word] = []
        clause = stop = 0
        for place, match in enumerate(_WORD.finditer(said.text)):
            clause += bool(_BREAK.search(said.text, stop, match.start()))
            stop = match.end()
            words.append(
                _Word(
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

    def _heard(
        self, said: Said, words: Sequence[_Word], trigger: _Trigger, *, alone: bool
    ) -> Heard:
        kept: list[_Word] = []
        for word in words:
            if (
                kept
                and word.low in _CUTS
                and word.place > trigger.at.place + 1
                and word.clause > kept[-1].clause
            ):
                break
            if not _left_out(word, trigger, said):
                kept.append(word)
        start = 0 if alone else words[0].start
        stop = len(said.text) if alone else words[-1].stop
        return Heard(
            who=trigger.who,
            name=trigger.name,
            verb=trigger.verb,
            title=title_of(trigger.verb, _spelled(kept, said)),
            objects=frozenset(
                word.readings[0].normal_form
                for word in kept
                if word.readings[0].tag.POS not in ("PREP", "CONJ", "PRCL", "INTJ", "NPRO")
            ),
            vague=trigger.verb in _VAGUE,
            due=said.due(start, stop),
        )


def _triggers(said: Said, words: Sequence[_Word]) -> Iterator[_Trigger]:
    for word in words:
        before = words[max(0, word.place - 4) : word.place]
        near = [each for each in before if each.clause == word.clause]
        trigger = _of_infinitive(said, word, near) or _of_verb(said, word, words, near)
        trigger = trigger or _of_noun(word, near)
        if trigger:
            yield trigger


def _of_infinitive(said: Said, word: _Word, near: list[_Word]) -> _Trigger | None:
    """Hear `надо ...`, `должна ...`, `могу ...`, `можешь ...?`, `прошу ...`, `не забудь ...` before an infinitive."""
    infinitive = word.form("INFN")
    if infinitive is None:
        return None
    verb = infinitive.normal_form
    for at, each in enumerate(near):
        used: tuple[int, ...] = (each.place,)
        if each.low in _MUST or each.low in _OUGHT:
            who, name = _obliged([*near[:at], *near[at + 1 :]], each)
            return (
                None if who is None else _Trigger(at=word, who=who, verb=verb, name=name, used=used)
            )
        if each.low in _ABLE and not said.asks:
            return _Trigger(at=word, who=Who.SPEAKER, verb=verb, used=used)
        if each.low in _YOU_ABLE and said.asks:
            return _Trigger(at=word, who=Who.ADDRESSEE, verb=verb, used=used)
        if each.low in ("забудь", "забудьте") and at and near[at - 1].low == "не":
            used = (each.place, near[at - 1].place)
            return _Trigger(at=word, who=Who.ADDRESSEE, verb=verb, used=used)
        if each.low in ("прошу", "попрошу", "поручаю"):
            name = next((other.name for other in near[at + 1 :] if other.name), "")
            return _Trigger(
                at=word, who=Who.NAMED if name else Who.ADDRESSEE, verb=verb, name=name, used=used
            )
        if each.low in _LET:
            return _Trigger(at=word, who=Who.NOBODY, verb=verb, used=used)
    return None


def _obliged(near: Sequence[_Word], modal: _Word) -> tuple[Who | None, str]:
    """Return who must: by dative with `надо`, by subject with `должен`."""
    for word in near:
        if modal.low in _MUST and word.low in ("мне", "тебе", "вам"):
            return _MINE[word.low], ""
        if modal.low in _OUGHT and word.low in ("я", "ты", "вы"):
            return (Who.SPEAKER if word.low == "я" else Who.ADDRESSEE), ""
        if word.name and word.form("datv" if modal.low in _MUST else "nomn"):
            return Who.NAMED, word.name
    if modal.low in _OUGHT and not any(word.low == "мы" for word in near):
        return None, ""  # somebody who is not in the meeting
    return Who.NOBODY, ""


def _of_verb(
    said: Said, word: _Word, words: Sequence[_Word], near: Sequence[_Word]
) -> _Trigger | None:
    """Hear promises, requests and assignments by a finite verb."""
    let = any(each.low in _LET for each in near)
    dated = bool(said.dates)
    mine = any(each.low == "я" for each in near)
    promise = (word.form if mine else word.sure)("VERB", "futr", "1per", "sing")
    if (verb := promise) and not said.asks:
        return _Trigger(at=word, who=Who.SPEAKER, verb=verb.normal_form)
    if word.low == "беру" and not said.asks:
        return _Trigger(at=word, who=Who.SPEAKER, verb="взять")
    if (verb := word.sure("VERB", "impr")) and word.low not in _LET and not said.asks:
        called = any(each.name or each.low == "пожалуйста" for each in words)
        if called or word.form("VERB", "past") is None:  # `все пришли` is no order
            return _Trigger(at=word, who=Who.ADDRESSEE, verb=verb.normal_form)
    if (verb := word.form("VERB", "futr", "2per")) and word.low not in _YOU_ABLE:
        named = any(each.low in ("ты", "вы") for each in near)
        if said.asks or named or let:
            return _Trigger(at=word, who=Who.ADDRESSEE, verb=verb.normal_form)
    if (verb := word.sure("VERB", "futr", "3per", "sing")) and not said.asks:
        subject = _subject(word, words)
        if subject:
            return _Trigger(
                at=word,
                who=Who.NAMED,
                verb=verb.normal_form,
                name=subject.name,
                used=(subject.place,),
            )
    if (verb := word.sure("VERB", "futr", "1per", "plur")) and not said.asks and (let or dated):
        return _Trigger(at=word, who=Who.NOBODY, verb=verb.normal_form)
    return None


def _subject(verb: _Word, words: Sequence[_Word]) -> _Word | None:
    """Return the name that is the subject of a verb in its clause."""
    clause = [word for word in words if word.clause == verb.clause]
    return next((word for word in clause if word.name and word.form("nomn")), None)


def _of_noun(word: _Word, near: Sequence[_Word]) -> _Trigger | None:
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
    return _Trigger(at=word, who=who, verb=word.text, name=whose.name, used=used)


def _real(trigger: _Trigger, words: Sequence[_Word], said: Said) -> bool:
    """Tell whether it is really to be done: not denied, not only thought of, not about the meeting itself."""
    before = words[: trigger.at.place]
    if any(word.low in _UNREAL for word in before) or any(w.low in ("бы", "б") for w in words):
        return False
    clause = [word for word in before if word.clause == trigger.at.clause]
    close = [word for word in clause[-3:] if word.place not in trigger.used]
    if any(word.low in _NEGATIONS for word in close):
        return False
    if said.asks and any(word.low in _ASKING for word in words):
        return False
    return trigger.verb not in _OF_THE_MEETING or bool(said.dates)


def _begin(words: Sequence[_Word], triggers: Sequence[_Trigger], n: int) -> int:
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


def _left_out(word: _Word, trigger: _Trigger, said: Said) -> bool:
    if word.place == trigger.at.place or word.place in trigger.used or said.dated(word.start):
        return True
    if word.low in _PRONOUNS or word.low in _MUST or word.low in _OUGHT:
        return True
    if trigger.who is Who.NAMED and word.name == trigger.name:
        return True
    return word.low in _FILLERS and (word.place < trigger.at.place or word.low not in ("и", "а"))


def _spelled(kept: Sequence[_Word], said: Said) -> Iterator[str]:
    """Yield the words as they are written, with the commas between neighbours."""
    last: _Word | None = None
    for word in kept:
        if last is not None and last.place + 1 == word.place:
            between = said.text[last.stop : word.start].strip()
            if between in (",", ":"):
                yield f"{between[0]}"
        first = word.start == 0 and not word.name and word.text[1:].islower()
        yield word.low if first else word.text
        last = word
