"""Numbers as people say and write them, Russian and English: `полторы тысячи`, `twenty-five`, `15-го`. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_CARDINALS = {
    1: "один одна одно одну одного одной одному одним одном one",
    2: "два две двух двум двумя двое two",
    3: "три трех трем тремя трое three",
    4: "четыре четырех четырем четырьмя четверо four",
    5: "пять пяти пятью пятеро five",
    6: "шесть шести шестью шестеро six",
    7: "семь семи семью семеро seven",
    8: "восемь восьми восемью восьмью eight",
    9: "девять девяти девятью nine",
    10: "десять десяти десятью ten",
    11: "одиннадцать одиннадцати одиннадцатью eleven",
    12: "двенадцать двенадцати двенадцатью twelve",
    13: "тринадцать тринадцати тринадцатью thirteen",
    14: "четырнадцать четырнадцати четырнадцатью fourteen",
    15: "пятнадцать пятнадцати пятнадцатью fifteen",
    16: "шестнадцать шестнадцати шестнадцатью sixteen",
    17: "семнадцать семнадцати семнадцатью seventeen",
    18: "восемнадцать восемнадцати восемнадцатью eighteen",
    19: "девятнадцать девятнадцати девятнадцатью nineteen",
    20: "двадцать двадцати двадцатью twenty",
    30: "тридцать тридцати тридцатью thirty",
    40: "сорок сорока forty",
    50: "пятьдесят пятидесяти пятьюдесятью fifty",
    60: "шестьдесят шестидесяти шестьюдесятью sixty",
    70: "семьдесят семидесяти семьюдесятью seventy",
    80: "восемьдесят восьмидесяти восемьюдесятью eighty",
    90: "девяносто девяноста ninety",
    100: "сто ста",
    200: "двести двухсот двумстам",
    300: "триста трехсот тремстам",
    400: "четыреста четырехсот четыремстам",
    500: "пятьсот пятисот пятистам",
    600: "шестьсот шестисот шестистам",
    700: "семьсот семисот семистам",
    800: "восемьсот восьмисот восьмистам",
    900: "девятьсот девятисот девятистам",
}
_ORDINALS = {
    1: "перв first",
    2: "втор second",
    3: "трет third",
    4: "четверт fourth",
    5: "пят fifth",
    6: "шест sixth",
    7: "седьм seventh",
    8: "восьм eighth",
    9: "девят ninth",
    10: "десят tenth",
    11: "одиннадцат eleventh",
    12: "двенадцат twelfth",
    13: "тринадцат thirteenth",
    14: "четырнадцат fourteenth",
    15: "пятнадцат fifteenth",
    16: "шестнадцат sixteenth",
    17: "семнадцат seventeenth",
    18: "восемнадцат eighteenth",
    19: "девятнадцат nineteenth",
    20: "двадцат twentieth",
    30: "тридцат thirtieth",
    40: "сороков fortieth",
    50: "пятидесят fiftieth",
    60: "шестидесят sixtieth",
    70: "семидесят seventieth",
    80: "восьмидесят eightieth",
    90: "девяност ninetieth",
}
_SCALES = {
    100: "hundred hundreds",
    1000: "тысяча тысячи тысячу тысяче тысяч тысячам тысячами тыс thousand thousands grand",
    10**6: "миллион миллиона миллионов миллионом млн million millions",
    10**9: "миллиард миллиарда миллиардов млрд billion billions",
}
_VALUES: dict[str, float] = {
    word: value for value, words in _CARDINALS.items() for word in words.split()
} | dict.fromkeys(("полтора", "полторы", "полутора"), 1.5)
_SCALE_OF = {word: scale for scale, words in _SCALES.items() for word in words.split()}
_STEMS = {word: value for value, words in _ORDINALS.items() for word in words.split()}
_ORDINAL = re.compile(
    r"(?P<stem>[а-я]+?)"
    r"(?:ый|ий|ой|ая|ое|ые|ого|ому|ым|ую|ых|ыми|ом|ья|ье|ьи|ьего|ьему|ьей|ьем|ью|ьих|ьим)"
)
_SEPARATORS = re.compile(r"[.,:\s]")
_ONE_NUMBER = re.compile(r"\d{1,3}(?:[.,\s]\d{3})+|\d+(?:[.,]\d)?")
_THOUSANDS = re.compile(r"[.,\s]\d{3}")
_ZEROS = frozenset(("ноль", "ноля", "нолю", "нуль", "нуля", "нулю", "zero"))
_TENS = range(20, 100, 10)
_HUNDREDS = range(100, 1000, 100)
HUNDRED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Numeral:
    """A number, or a part of one: what it adds, or by what it multiplies the number before it.

    `written` is true of digits, which add nothing to a number before them.
    """

    value: float = 0
    scale: int = 0
    written: bool = False


def numeral(word: str) -> Numeral | None:
    """Return what number a word in lower case is, without `ё`; None of one that is none."""
    if scale := _SCALE_OF.get(word):
        return Numeral(scale=scale)
    value = _VALUES.get(word) or _STEMS.get(word)
    if value is None and (match := _ORDINAL.fullmatch(word)):
        value = _STEMS.get(match["stem"])
    if value is None and word in _ZEROS:
        value = 0
    return None if value is None else Numeral(value=value)


def written_numerals(digits: str) -> list[Numeral]:
    """Return the numbers that stand in digits: `1.5` and `15 000` are one, `15:30` and `12.05` two."""
    if _ONE_NUMBER.fullmatch(digits):
        thousands = _THOUSANDS.search(digits)
        plain = _SEPARATORS.sub("" if thousands else ".", digits)
        return [Numeral(value=float(plain), written=True)]
    first, *others = _SEPARATORS.split(digits)
    parts = [first]
    for part in others:
        parts += ["0", part[1:]] if part.startswith("0") and len(part) > 1 else [part]
    return [Numeral(value=float(part), written=True) for part in parts]


def spoken_numbers(numerals: Iterable[Numeral]) -> Iterator[tuple[int, str]]:
    """Yield the numbers that numerals in a row make: how many numerals each takes, and it in digits."""
    number: _Number | None = None
    for each in numerals:
        if number is not None and number.takes(each):
            continue
        if number is not None:
            yield number.numerals, str(number)
        number = _Number(each)
    if number is not None:
        yield number.numerals, str(number)


class _Number:
    """A number as far as it was said, of which `room` is above all that may be added to it."""

    def __init__(self, first: Numeral) -> None:
        self.numerals = 1
        self._above = float(first.scale)
        self._below = float(first.value)
        self._room = first.scale or _room(first)

    def takes(self, numeral: Numeral) -> bool:
        """Take a numeral that belongs to the number; tell whether it does."""
        if numeral.scale:
            if not self._below or (numeral.scale == HUNDRED and self._below >= HUNDRED):
                return False
            if numeral.scale == HUNDRED:
                self._below *= HUNDRED
            else:
                self._above, self._below = self._above + self._below * numeral.scale, 0.0
            self._room = numeral.scale
        elif numeral.written or not 0 < numeral.value < self._room:
            return False
        else:
            self._below += numeral.value
            self._room = _room(numeral)
        self.numerals += 1
        return True

    def __str__(self) -> str:
        return f"{self._above + self._below:.15g}"


def _room(numeral: Numeral) -> int:
    if numeral.written:
        return 0
    if numeral.value in _HUNDREDS:
        return HUNDRED
    return 10 if numeral.value in _TENS else 0
