"""The words of what was said, as quotes are compared by them: folded, with what may not change marked as such. Pure."""

import enum
import functools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from services.llm.spoken.numbers import (
    Numeral,
    numeral,
    spoken_numbers,
    written_numerals,
)

_TOKEN = re.compile(
    r"(?P<digits>\d{1,3}(?:[ \u00a0]\d{3})+(?!\d)|\d+(?:[.,:]\d+)*)"
    r"(?:-?(?:ого|ому|го|му|ый|ой|ая|ое|й|я|е|ю|х|м|st|nd|rd|th)\b)?(?P<thousand>[кk]\b)?"
    r"|%"
    r"|[^\W\d_](?:[^\W\d_]|[\u0300-\u036f]|['’](?=[^\W\d_]))*"
)
_SENTENCE_END = re.compile(r"[.!?…\n]")
_CLAUSE_END = re.compile(r"[.!?…\n,;:()«»\"“”—–]|\s-\s")
_CLAUSE_WORDS = frozenset(("а", "но", "зато", "потому", "поэтому", "but", "because", "however"))
_HESITATION = re.compile(r"э+м*|м{2,}|а{2,}|ну|вот|u+h+m*|u+m+|e+r+m*|h+m+|an?|the")
_NOT = re.compile(r"(?P<verb>[a-z]+)n't|(?P<bare>do|does|did|wo|ca|is|was|are|were|have|has|had)nt")
_CACHED_WORDS = 50_000
_VERBS = {"wo": "will", "ca": "can", "sha": "shall"}
_ENDINGS = {"'ll": "will", "'m": "am", "'re": "are", "'ve": "have"}
_HALF_HOUR = re.compile(r"пол\w+(?:ого|его)")
"""As in `полпятого`."""
_NEGATIONS = frozenset(
    """
    не ни нет нету неа без никогда никто никого никому никем ничего ничто ничему ничем никак
    никакой никакая никакое никакие никакого никаких никакую никуда нигде нельзя невозможно
    некогда нечего некому негде незачем вряд отнюдь
    not no nope never none nobody nothing nowhere neither nor without hardly unlikely
    """.split()
)
_DENIAL = re.compile(
    r"отказ(?:ыв|ал|ать|ат)\w*|откажу\w*|передума\w*|сомнева\w*|refus(?:e|es|ed|ing)|doubt\w*|ain'?t"
)
_DAYS = tuple(
    (re.compile(pattern), name)
    for pattern, name in {
        r"понедельник\w*|mondays?": "monday",
        r"вторник\w*|tuesdays?": "tuesday",
        r"сред(?:а|у|ы|е|ой|ам)|wednesdays?": "wednesday",
        r"четверг\w*|thursdays?": "thursday",
        r"пятниц\w*|fridays?": "friday",
        r"суббот\w*|saturdays?": "saturday",
        r"воскресень\w*|sundays?": "sunday",
        r"январ\w*|january": "january",
        r"феврал\w*|february": "february",
        r"март(?:а|е|у|ом)?|march": "march",
        r"апрел\w*|april": "april",
        r"ма(?:й|я|е|ю|ем)": "may",
        r"июн\w*|june": "june",
        r"июл\w*|july": "july",
        r"август\w*|august": "august",
        r"сентябр\w*|september": "september",
        r"октябр\w*|october": "october",
        r"ноябр\w*|november": "november",
        r"декабр\w*|december": "december",
    }.items()
)
_NAMED_DAYS = frozenset("вчера сегодня завтра послезавтра yesterday today tomorrow tonight".split())
_EXACT = frozenset(
    """
    раньше позже дальше больше меньше дольше короче дороже дешевле выше ниже before after more less later earlier higher lower
    always sometimes будет было была были буду будем would should could might
    """.split()
)


class WordKind(enum.Enum):
    """How far a word may differ where it is quoted: a plain one may be misheard, the others not at all."""

    PLAIN = "plain"
    EXACT = "exact"
    NEGATION = "negation"
    NUMBER = "number"
    DAY = "day"
    HESITATION = "hesitation"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenWord:
    """A word of a text, or words that are one number: what it is compared by, and where it stands.

    `clause` and `sentence` count those of the text from 0.
    """

    key: str
    kind: WordKind
    start: int
    stop: int
    clause: int
    sentence: int


def spoken_words(text: str) -> list[SpokenWord]:
    """Return the words of a text in their order; a contraction such as `won't` is two that stand at one place."""
    words = list(_words(text))
    return list(_numbered([word for n, word in enumerate(words) if not _joins(words, n)]))


def _words(text: str) -> Iterator[tuple[SpokenWord, Numeral | None]]:
    clause = sentence = stop = 0
    for match in _TOKEN.finditer(text):
        gap = text[stop : match.start()]
        stop = match.end()
        parts = _written(match) if match["digits"] else _parts(match[0])
        clause += bool(_CLAUSE_END.search(gap)) or parts[0].key in _CLAUSE_WORDS
        sentence += bool(_SENTENCE_END.search(gap))
        for part in parts:
            word = SpokenWord(
                key=part.key,
                kind=part.kind,
                start=match.start(),
                stop=stop,
                clause=clause,
                sentence=sentence,
            )
            yield word, part.numeral


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A word without its place, or one of those that a contraction is made of."""

    key: str
    kind: WordKind
    numeral: Numeral | None = None


def _written(match: re.Match[str]) -> tuple[_Part, ...]:
    """Return the numbers that stand in digits."""
    numerals = written_numerals(match["digits"])
    if match["thousand"]:
        numerals.append(Numeral(scale=1000))
    return tuple(_Part(key="", kind=WordKind.NUMBER, numeral=each) for each in numerals)


@functools.lru_cache(maxsize=_CACHED_WORDS)
def _parts(word: str) -> tuple[_Part, ...]:
    folded = _folded(word)
    if told := numeral(folded):
        return (_Part(key=folded, kind=WordKind.NUMBER, numeral=told),)
    return tuple(_Part(key=key, kind=_kind(key)) for key in _keys(folded))


def _joins(words: Sequence[tuple[SpokenWord, Numeral | None]], position: int) -> bool:
    """Tell whether a word is the `and` of `two hundred and five`."""
    if words[position][0].key != "and" or not 0 < position < len(words) - 1:
        return False
    before, after = words[position - 1][1], words[position + 1][1]
    return before is not None and before.scale > 0 and after is not None


def _numbered(words: Sequence[tuple[SpokenWord, Numeral | None]]) -> Iterator[SpokenWord]:
    """Yield the words with those in a row that make one number as one."""
    position = 0
    while position < len(words):
        end = position
        while end < len(words) and words[end][1] is not None:
            end += 1
        for count, figures in spoken_numbers(n for _, n in words[position:end] if n):
            first, last = words[position][0], words[position + count - 1][0]
            yield replace(first, key=f"#{figures}", kind=WordKind.NUMBER, stop=last.stop)
            position += count
        if end < len(words):
            yield words[end][0]
            position = end + 1


def _folded(word: str) -> str:
    marked = unicodedata.normalize("NFKC", word).casefold().replace("ё", "е").replace("’", "'")
    return marked.replace("\u0301", "")


def _keys(word: str) -> tuple[str, ...]:
    """Return what a word is compared by; a contraction by each of its words."""
    if word == "cannot":
        return ("can", "not")
    if match := _NOT.fullmatch(word):
        verb = match["verb"] or match["bare"]
        return (_VERBS.get(verb, verb), "not")
    for ending, verb in _ENDINGS.items():
        if word.endswith(ending):
            return (word.removesuffix(ending), verb)
    if word.startswith("процент") or word in ("percent", "%"):
        return ("%",)
    for pattern, name in _DAYS:
        if pattern.fullmatch(word):
            return (f"@{name}",)
    return (word,)


def _kind(key: str) -> WordKind:
    if key in _NEGATIONS or _DENIAL.fullmatch(key):
        return WordKind.NEGATION
    if key[0] == "@" or key in _NAMED_DAYS:
        return WordKind.DAY
    if _HESITATION.fullmatch(key):
        return WordKind.HESITATION
    exact = key in _EXACT or key == "%" or _HALF_HOUR.fullmatch(key)
    return WordKind.EXACT if exact else WordKind.PLAIN
