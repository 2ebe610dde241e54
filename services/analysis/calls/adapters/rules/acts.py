"""Dialogue acts: what the sides do with their words, whatever their trade.

Two things are told. What the client asks for first: a price, a thing done, information, to move what
is settled already, or they complain. And what becomes of a visit: offered, accepted, failed, taken
back, cancelled.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.analysis.calls.adapters.rules import act_phrases
from services.analysis.calls.adapters.rules.cues import (
    CompiledCue,
    compile_phrases,
    first_match,
    quote,
)
from services.analysis.calls.domain import Evidence, Speaker, Turn
from services.analysis.playbooks.domain import Act
from services.analysis.playbooks.phrases import MAX_SKIPPED
from services.analysis.words.keys import NUMBER, Key
from services.analysis.words.lemmas import LemmatisedSentence, LemmatisedWord, Lemmatiser

REQUEST_TURNS = 3
"""In so many of their first turns clients say why they call."""
SKIPPED = 1
"""So many other words stand at most between two words of a set phrase."""
LONGEST_CLOCK = 4
"""More numbers in a row than these are a telephone number or a sum."""
MOSTLY = 0.5
MOST_OF_A_CLOCK = 59

Spoken = tuple[Turn, LemmatisedSentence]

_KINDS = {
    name: phrases
    for name, phrases in vars(act_phrases).items()
    if name.isupper() and isinstance(phrases, tuple)
}
_SET_PHRASES = (
    "WANTS",
    "REPROACHES",
    "ASKS",
    "REFUSES",
    "NOT_WANTS",
    "MOVED_THING",
    "OTHER_BUSINESS",
)
_UNITS = (
    *("тысяча", "рубль", "руб", "процент", "копейка", "pound", "dollar", "euro", "quid", "buck"),
    *("hundred", "thousand", "percent", "per", "миллион", "лет", "года", "years", "сто", "двести"),
    *("триста", "четыреста", "пятьсот", "шестьсот", "семьсот", "восемьсот", "девятьсот"),
    *("минута", "minutes", "=дней", "=дня", "раз", "times", "человек", "people", "номер", "number"),
    *("метр", "километр", "miles", "=лет", "месяц", "months", "card", "карта"),
)
"""Beside these a number is no time of day."""
_ZEROS = ("ноль", "нуль", "oh", "zero", "0", "00")
_HALVES = ("am", "pm", "a.m", "p.m")
_PAST = frozenset(map(Key, ("прошлый", "=вчера", "=назад", "=last", "=yesterday", "=ago", "=was")))
_BUT = frozenset(map(Key, ("=but", "=но")))
_YET = frozenset(
    map(
        Key,
        (
            "=but",
            "=но",
            "=есть",
            "=зато",
            "=только",
            "=могу",
            "=can",
            "=could",
            "=only",
            "=instead",
        ),
    )
)
_PLEASE = frozenset(map(Key, ("=пожалуйста", "=please")))
_NEED = frozenset(map(Key, ("=надо", "=нужно")))
_GREETING = frozenset(map(Key, ("добрый", "good", "хороший", "nice", "great", "=morning")))
_AT = frozenset(
    map(
        Key,
        (
            *("=at", "=around", "=by", "=half", "=past", "=between", "=after", "=before", "=about"),
            "=в",
            "=во",
            "=к",
            "=ко",
            "=на",
            "=с",
            "=до",
            "=после",
            "=около",
        ),
    )
)
_SMALL = frozenset(
    Key(key)
    for word in (
        *("в", "во", "на", "к", "ко", "с", "со", "до", "и", "или", "есть", "ну", "а", "так", "по"),
        *("после", "около", "at", "on", "for", "between", "and", "or", "to", "past", "the", "by"),
        *("about", "say", "what", "from", "in", "of", "then", "так", "тогда", "только", "next"),
        *("next", "this", "следующий", "этот", "ближайший", "ноль", "oh", "zero"),
    )
    for key in (word, f"={word}")
)


class ActFinder:
    """Finds the acts of conversations; phrases are compiled once."""

    def __init__(self, lemmatiser: Lemmatiser) -> None:
        words = act_phrases.VOCABULARY
        self._kinds = {
            name: compile_phrases(
                phrases, words, lemmatiser, SKIPPED if name in _SET_PHRASES else MAX_SKIPPED
            )
            for name, phrases in _KINDS.items()
        }
        days = compile_phrases(("@day",), words, lemmatiser).first
        hours = compile_phrases(("@hour",), words, lemmatiser).first
        units = compile_phrases(("|".join(_UNITS),), words, lemmatiser).first
        self._times = _Times(days=days, hours=hours, units=units)

    def find(self, sentences: Sequence[Spoken]) -> Mapping[Act, Evidence]:
        """Return the acts of a conversation, each with the words that show it."""
        marked = [
            _Marked(turn, sentence, self._kinds, self._times.of(sentence))
            for turn, sentence in sentences
        ]
        return {**_requests(marked), **_visit(marked)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Times:
    days: frozenset[Key]
    hours: frozenset[Key]
    units: frozenset[Key]

    def of(self, sentence: LemmatisedSentence) -> tuple[frozenset[Key], float]:
        """Return the keys of the times of day and days in a sentence, and their share of its words."""
        words = sentence.words
        days = [self._is_day(words, at) for at in range(len(words))]
        numbers = [_is_small_number(word) for word in words]
        first = next((w for w, is_number in zip(words, numbers, strict=True) if is_number), None)
        if (
            not self.units.isdisjoint(sentence.keys)
            or sum(numbers) > LONGEST_CLOCK
            or (first is not None and _form(first) in _ZEROS)
        ):
            numbers = [False] * len(words)
        found = [
            days[at] or (number and self._is_clock(words, days, numbers, at))
            for at, number in enumerate(numbers)
        ]
        if not any(found):
            return frozenset(), 0.0
        keys = frozenset(
            key
            for word, is_time in zip(words, found, strict=True)
            if is_time
            for key in word.keys
            if key[0] not in "=@"
        )
        small = sum(
            is_time or not _SMALL.isdisjoint(w.keys)
            for w, is_time in zip(words, found, strict=True)
        )
        return keys, small / len(words)

    def _is_day(self, words: Sequence[LemmatisedWord], at: int) -> bool:
        keys = words[at].keys
        greets = not _GREETING.isdisjoint(words[at - 1 if at else 0].keys)
        return not greets and not (self.days | self.hours).isdisjoint(keys)

    def _is_clock(
        self,
        words: Sequence[LemmatisedWord],
        days: Sequence[bool],
        numbers: Sequence[bool],
        at: int,
    ) -> bool:
        """Tell whether a number stands as a time of day does: after a preposition or beside a time."""
        around = [i for i in (at - 1, at + 1) if 0 <= i < len(words)]
        return (
            any(days[i] or numbers[i] for i in around)
            or ":" in _form(words[at])
            or _form(words[min(at + 1, len(words) - 1)]).startswith(_HALVES)
            or _form(words[at]).endswith(_HALVES)
            or any(not _AT.isdisjoint(words[i].keys) for i in (at - 2, at - 1) if i >= 0)
        )


def _form(word: LemmatisedWord) -> str:
    return next((key[1:] for key in word.keys if key.startswith("=")), "")


def _is_small_number(word: LemmatisedWord) -> bool:
    """Tell whether a word is a number that a clock or a calendar has."""
    if NUMBER not in word.keys:
        return False
    form = _form(word)
    return not form.isdigit() or int(form) <= MOST_OF_A_CLOCK


class _Marked:
    """A sentence and which phrases are in it, looked up when asked."""

    def __init__(
        self,
        turn: Turn,
        sentence: LemmatisedSentence,
        kinds: Mapping[str, CompiledCue],
        times: tuple[frozenset[Key], float],
    ) -> None:
        self.turn = turn
        self.sentence = sentence
        self.asks = sentence.text.rstrip().endswith("?")
        self.times, self.time_share = times
        self._kinds = kinds
        self._found: dict[str, bool] = {}

    @property
    def by_client(self) -> bool:
        return self.turn.speaker is not Speaker.OPERATOR

    @property
    def by_operator(self) -> bool:
        return self.turn.speaker is not Speaker.CLIENT

    def has(self, kind: str) -> bool:
        """Tell whether the sentence holds one of the phrases of a kind."""
        found = self._found.get(kind)
        if found is None:
            found = self._found[kind] = self._position(kind) is not None
        return found

    def _position(self, kind: str) -> tuple[int, int] | None:
        compiled = self._kinds[kind]
        if compiled.first.isdisjoint(self.sentence.keys):
            return None
        return first_match(compiled.phrases, self.sentence.words, compiled.skipped)

    def agrees(self, word: LemmatisedWord) -> bool:
        """Tell whether a word says yes."""
        return not self._kinds["AGREES"].first.isdisjoint(word.keys)

    def evidence(self, kind: str | None = None) -> Evidence:
        """Quote the sentence, of a long one the words around a phrase of the kind."""
        found = self._position(kind) if kind else None
        first, last = found or (0, len(self.sentence.words) - 1)
        return Evidence(turn=self.turn.index, text=quote(self.sentence, first, last))


def _requests(marked: Sequence[_Marked]) -> dict[Act, Evidence]:
    """Return what the client asks for in the first sentences that ask for something."""
    turns: list[int] = []
    found: dict[Act, Evidence] = {}
    moved_thing = firm_did = problem = False
    for each in marked:
        mono = each.by_client and each.by_operator
        if not each.by_client or (mono and each.turn.index == 0):
            continue
        if each.turn.index not in turns:
            if found.keys() - {Act.ASKS} or len(turns) == REQUEST_TURNS * (1 + mono):
                break
            turns.append(each.turn.index)
        moved_thing = moved_thing or each.has("MOVED_THING")
        firm_did = firm_did or each.has("FIRM_DID")
        problem = problem or each.has("PROBLEM")
        for act, kind in _request_kinds(
            each, moved_thing=moved_thing, reproached=firm_did and problem
        ):
            found.setdefault(act, each.evidence(kind))
    if len(found) > 1:
        found.pop(Act.ASKS, None)
    if Act.MOVES in found or Act.REPROACHES in found:
        found.pop(Act.WANTS, None)
    return found


def _request_kinds(
    each: _Marked, *, moved_thing: bool, reproached: bool
) -> Iterator[tuple[Act, str]]:
    """Yield the acts of a sentence, each with the kind of phrase that shows it."""
    if each.has("OTHER_BUSINESS"):
        yield Act.OTHER_BUSINESS, "OTHER_BUSINESS"
    if each.has("ASKS_PRICE") or _ends_in_how_much(each):
        yield Act.ASKS_PRICE, "ASKS_PRICE"
    moves = each.has("OWN_MOVES") or (moved_thing and each.has("MOVES"))
    if moves:
        yield Act.MOVES, "MOVES"
    reproaches = reproached or each.has("REPROACHES")
    if reproaches:
        yield Act.REPROACHES, "PROBLEM" if reproached else "REPROACHES"
    if not (moves or reproaches) and _wants(each):
        yield Act.WANTS, "WANTS"
    if each.asks or each.has("ASKS"):
        yield Act.ASKS, "ASKS"


def _wants(each: _Marked) -> bool:
    asks_what_to_do = each.asks and not each.sentence.keys.isdisjoint(_NEED)
    asked_for = bool(each.times) and not each.sentence.keys.isdisjoint(_PLEASE)
    return (asked_for or each.has("WANTS")) and not each.has("NOT_WANTS") and not asks_what_to_do


def _ends_in_how_much(each: _Marked) -> bool:
    words = each.sentence.words
    return bool(words) and Key("=сколько") in words[-1].keys


@dataclass
class _Visit:
    """What becomes of a visit, as the turns go by."""

    wanted: bool = False
    moving: bool = False
    offer: frozenset[Key] | None = None
    """The times that the operator offered last and nobody turned down."""
    offered_in: int = -1
    proposal: int | None = None
    """The turn in which the client proposed a time."""
    unanswered: bool = False
    """Whether the operator still has to answer it."""
    proposed: bool = False
    """Whether the operator asked to book, without a time."""
    settled: Evidence | None = None
    cancels: Evidence | None = None
    asked_to_cancel: bool = False
    cancelled: Evidence | None = None
    confirmed: bool = False
    """Whether the operator confirmed what is settled."""
    begun: bool = False
    """Whether the operator has said something before."""
    asked: bool = False
    """Whether the operator's last turn asks whether to book."""
    asks_name: bool = False
    """Whether the operator's last turn asks for a name or a number."""
    failed: bool = False
    """Whether the operator's last turn says no and offers nothing."""
    offers: bool = False
    """Whether the operator's last turn holds what a client can turn down."""
    declined: Evidence | None = None
    put_off: Evidence | None = None
    fell_through: Evidence | None = None
    """Where the operator said that it cannot be had, and nothing else was offered since."""
    call: Evidence | None = None
    """Where the operator's side promised a call."""
    call_asked: Evidence | None = None
    """Where either side asked for one, and the other has not answered yet."""
    handled: Evidence | None = None
    calling: bool = False
    """Whether the times are those of a call that was promised, not of a visit."""
    settled_in: int = -1


def _visit(marked: Sequence[_Marked]) -> dict[Act, Evidence]:
    visit = _Visit()
    for turn in _by_turn(marked):
        if turn[0].by_operator:
            _operator(turn, visit)
        if turn[0].by_client:
            _client(turn, visit)
    ends = (
        (Act.SETTLED, visit.settled),
        (Act.CANCELLED, visit.cancelled),
        (Act.PUTS_OFF, visit.put_off),
        (Act.DECLINES, visit.declined),
        (Act.FALLS_THROUGH, visit.fell_through),
    )
    found = dict([(act, shown) for act, shown in ends if shown][:1])
    if visit.call:
        found[Act.CALL_PROMISED] = visit.call
    if visit.handled:
        found[Act.HANDLED] = visit.handled
    return found


def _by_turn(marked: Sequence[_Marked]) -> Iterator[list[_Marked]]:
    turn: list[_Marked] = []
    for each in marked:
        if turn and each.turn.index != turn[0].turn.index:
            yield turn
            turn = []
        turn.append(each)
    if turn:
        yield turn


def _operator(turn: Sequence[_Marked], visit: _Visit) -> None:
    index = turn[0].turn.index
    limits = any(_fails(each) for each in turn)
    _note_question(turn, visit)
    if visit.proposal is not None and visit.proposal != index:
        visit.unanswered, visit.proposal = True, None
    for each in turn:
        _note_promises(each, visit)
        if not _undoes(each, visit):
            _books_or_offers(each, visit, limits=limits)
    visit.failed = limits and visit.offered_in != index
    offers_none = not limits and visit.offered_in != index
    if visit.unanswered and offers_none and visit.asks_name:
        _settle(visit, turn[0], None)
    visit.unanswered = False
    if visit.cancels and not visit.cancelled and offers_none:
        visit.cancelled = next(
            (e.evidence() for e in turn if e.has("ACKNOWLEDGES") and not e.asks), None
        )


def _note_question(turn: Sequence[_Marked], visit: _Visit) -> None:
    """Note what the operator asks or offers in a turn, and whether they say yes to a call."""
    visit.begun = True
    visit.asks_name = any(each.has("ASKS_NAME") for each in turn)
    visit.asked = any(each.has("PROPOSES") and each.asks for each in turn)
    visit.offers = not any(each.has("ANYTHING_ELSE") for each in turn) and any(
        e.has("PROPOSES") or e.has("PRICES") or _offers(e, wanted=True) for e in turn
    )
    if visit.call_asked and visit.call_asked.turn < turn[0].turn.index:
        if any(each.has("ACKNOWLEDGES") and not each.asks for each in turn):
            visit.call = visit.call_asked
        visit.call_asked = None


def _note_promises(each: _Marked, visit: _Visit) -> None:
    if each.has("PROMISES_CALL") and not each.has("NO_PROMISE"):
        if each.asks:
            visit.call_asked = each.evidence("PROMISES_CALL")
        else:
            visit.call = each.evidence("PROMISES_CALL")
    if each.has("HANDLES") and not each.asks:
        visit.handled, visit.call = each.evidence("HANDLES"), None


def _undoes(each: _Marked, visit: _Visit) -> bool:
    """Note that something fails or that a time is that of a call; tell whether no visit is in it."""
    if _fails(each):
        visit.unanswered = False
        visit.fell_through = each.evidence(
            "BOOKING_FAILS" if each.has("BOOKING_FAILS") else "FAILS"
        )
        if not visit.confirmed or each.has("BOOKING_FAILS"):
            visit.offer = visit.settled = None
        if not each.times or not (each.asks or _yet(each)):
            return True
    if each.has("CALLS") and not each.has("CONFIRMS"):
        visit.calling = True
        return True
    return False


def _books_or_offers(each: _Marked, visit: _Visit, *, limits: bool) -> None:
    index = each.turn.index
    if not each.asks and each.has("CONFIRMS") and not _fails(each):
        _settle(visit, each, "CONFIRMS")
        visit.confirmed = True
        return
    if each.has("PROPOSES"):
        visit.proposed = visit.wanted = True
        visit.calling = False
    asked_to_cancel = visit.cancels or visit.asked_to_cancel
    if each.has("CANCELLED_DONE") and not each.asks and asked_to_cancel:
        visit.cancelled = each.evidence("CANCELLED_DONE")
    elif not each.asks and _confirms(each, visit, limits=limits):
        if not visit.confirmed:
            _settle(visit, each, None)
        visit.unanswered = False
    elif _offers(each, wanted=visit.wanted) and (not visit.calling or each.has("OFFER")):
        visit.calling = False
        before = visit.offer if visit.offered_in == index else None
        visit.offer = (before or frozenset()) | each.times
        visit.offered_in = index
        visit.fell_through = None


def _settle(visit: _Visit, each: _Marked, kind: str | None) -> None:
    visit.settled = each.evidence(kind)
    visit.offer = visit.cancels = visit.cancelled = visit.declined = None
    visit.put_off = visit.fell_through = None
    visit.calling = visit.confirmed = False


def _fails(each: _Marked) -> bool:
    """Tell whether the operator says that something cannot be booked."""
    return each.has("BOOKING_FAILS") or (each.has("FAILS") and not each.asks)


def _confirms(each: _Marked, visit: _Visit, *, limits: bool) -> bool:
    """Tell whether the operator says yes to what the client proposed or accepted."""
    if visit.calling:
        return False
    if each.has("EXPECTS"):
        return bool(visit.offer is not None or visit.settled or visit.unanswered)
    if visit.unanswered and not limits and not (each.times and _narrows(each)):
        return each.has("ACKNOWLEDGES") or each.has("DONE")
    return each.has("DONE") and visit.wanted and (visit.proposed or visit.offer is not None)


def _offers(each: _Marked, *, wanted: bool) -> bool:
    """Tell whether a sentence of the operator names a time for a visit, which was asked for or not."""
    return (
        bool(each.times)
        and not each.has("HOURS")
        and (each.asks or Key("=but") not in each.sentence.keys)
        and (each.asks or each.has("OFFER") or (wanted and each.time_share >= MOSTLY))
    )


def _narrows(each: _Marked) -> bool:
    keys = each.sentence.keys
    return not keys.isdisjoint(map(Key, ("=только", "=или", "=but", "=or", "=only", "=но")))


def _client(turn: Sequence[_Marked], visit: _Visit) -> None:
    if visit.call_asked and visit.call_asked.turn < turn[0].turn.index:
        if not any(each.has("TURNS_DOWN") for each in turn):
            visit.call = visit.call_asked
        visit.call_asked = None
    only_asks = any(each.has("ONLY_ASKING") for each in turn)
    can_refuse = visit.begun and not visit.failed and not only_asks
    offers = visit.offers and not any(each.has("THATS_ALL") for each in turn)
    for each in turn:
        _note_refusal(each, visit, can_refuse=can_refuse, offers=offers)
        _note_wishes(each, visit)
        if not _takes_back(each, visit):
            visit.calling = visit.calling or each.has("CALLS")
            if not visit.calling:
                _answers(each, visit)


def _note_refusal(each: _Marked, visit: _Visit, *, can_refuse: bool, offers: bool) -> None:
    if each.has("REFUSES") or (each.has("POLITE_NO") and offers):
        if can_refuse and not each.asks and not each.has("DEFERS"):
            visit.declined = each.evidence("REFUSES")
    elif each.has("TAKES") and visit.declined and visit.declined.turn < each.turn.index:
        visit.declined = None


def _note_wishes(each: _Marked, visit: _Visit) -> None:
    if each.has("ASKS_CALL"):
        visit.call_asked = each.evidence("ASKS_CALL")
    visit.wanted = visit.wanted or each.has("WANTS") or each.has("MOVES")
    visit.moving = visit.moving or each.has("MOVED_THING") or each.has("OWN_MOVES")
    if each.has("DEFERS"):
        visit.cancels = visit.cancelled = visit.declined = None
        visit.put_off = each.evidence("DEFERS")


def _takes_back(each: _Marked, visit: _Visit) -> bool:
    """Note that the client takes back what was settled, or cancels what there was; tell whether they do."""
    says_no = visit.asked and not visit.confirmed and each.has("TURNS_DOWN")
    if visit.settled and (each.has("TAKES_BACK") or (says_no and not each.has("TAKES"))):
        visit.settled = visit.offer = None
        return True
    cancels = each.has("CANCELS")
    visit.asked_to_cancel = visit.asked_to_cancel or cancels
    if cancels and (visit.moving or each.has("OWN_MOVES")):
        visit.cancels, visit.settled = each.evidence("CANCELS"), None
        return True
    return False


def _answers(each: _Marked, visit: _Visit) -> None:
    """Note what the client says to a time that was offered, or which they name."""
    index = each.turn.index
    offer = visit.offer if visit.offered_in < index else None
    repeats = offer is not None and bool(each.times) and each.times <= offer
    if each.times and not repeats:
        if _proposes(each) and not visit.asks_name:
            visit.proposal, visit.offer = index, None
    elif offer is not None and (not each.asks or each.has("ONLY_ASKING")):
        at_once = visit.wanted and index - visit.offered_in == 1
        if _accepts(each, repeats=repeats, at_once=at_once):
            _settle(visit, each, "TAKES")
        elif each.has("TURNS_DOWN"):
            visit.offer, visit.proposed = None, False


def _proposes(each: _Marked) -> bool:
    """Tell whether the client names a time for a visit of their own."""
    past = not each.sentence.keys.isdisjoint(_PAST)
    return not (past or each.has("HOURS") or each.has("REPROACHES")) and (
        each.asks
        or each.time_share >= MOSTLY
        or each.has("TAKES")
        or each.has("WANTS")
        or each.has("MOVES")
    )


def _accepts(each: _Marked, *, repeats: bool, at_once: bool) -> bool:
    """Tell whether the client takes the time that was offered; `at_once` in the very next turn."""
    down = each.has("TURNS_DOWN") and not _agrees_after_but(each)
    if each.has("TAKES"):
        return (repeats or not down) and not (_but(each) and not repeats)
    return (
        at_once
        and not down
        and not _but(each)
        and (each.has("AGREES") or (repeats and each.time_share >= MOSTLY))
    )


def _but(each: _Marked) -> bool:
    """Tell whether a sentence takes something back, and does not say yes after that."""
    words = each.sentence.words
    at = next((i for i, word in enumerate(words) if not _BUT.isdisjoint(word.keys)), len(words))
    return at < len(words) and not any(each.agrees(word) for word in words[at + 1 :])


def _agrees_after_but(each: _Marked) -> bool:
    return not _BUT.isdisjoint(each.sentence.keys) and not _but(each)


def _yet(each: _Marked) -> bool:
    """Tell whether the operator names something else in the sentence in which they say no."""
    return not each.sentence.keys.isdisjoint(_YET)
