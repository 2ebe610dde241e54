"""Russian first names in all their forms, and whom of a meeting they mean."""

import functools
from collections.abc import Sequence

from pymorphy3 import MorphAnalyzer
from pymorphy3.analyzer import Parse
from rapidfuzz import fuzz

SAME_NAME = 80
"""Of 100: `дмитрий` is `dmitry`, `dmitrii` and `dmitriy`."""
SHORTEST_UNMARKED = 4
_LATIN = str.maketrans(
    {
        **dict(zip("абвгдезийклмнопрстуфыэ", "abvgdeziyklmnoprstufye", strict=True)),
        "ж": "zh",
        "х": "kh",
        "ц": "ts",
        "ч": "ch",
        "ш": "sh",
        "щ": "shch",
        "ю": "yu",
        "я": "ya",
        "ь": "",
        "ъ": "",
    }
)

_SHORT = {
    **dict.fromkeys(("аня", "анечка", "анюта"), ("анна",)),
    **dict.fromkeys(("боря",), ("борис",)),
    **dict.fromkeys(("саша", "шура"), ("александр", "александра")),
    **dict.fromkeys(("дима", "митя"), ("дмитрий",)),
    **dict.fromkeys(("лена", "алёна", "алена"), ("елена", "алена")),
    **dict.fromkeys(("оля",), ("ольга",)),
    **dict.fromkeys(("катя",), ("екатерина",)),
    **dict.fromkeys(("маша",), ("мария",)),
    **dict.fromkeys(("миша",), ("михаил",)),
    **dict.fromkeys(("коля",), ("николай",)),
    **dict.fromkeys(("серёжа", "сережа"), ("сергей",)),
    **dict.fromkeys(("таня",), ("татьяна",)),
    **dict.fromkeys(("наташа",), ("наталья", "наталия")),
    **dict.fromkeys(("женя",), ("евгений", "евгения")),
    **dict.fromkeys(("паша",), ("павел",)),
    **dict.fromkeys(("вова", "володя"), ("владимир",)),
    **dict.fromkeys(("лёша", "леша"), ("алексей",)),
    **dict.fromkeys(("ира",), ("ирина",)),
    **dict.fromkeys(("света",), ("светлана",)),
    **dict.fromkeys(("юля",), ("юлия",)),
    **dict.fromkeys(("настя",), ("анастасия",)),
    **dict.fromkeys(("костя",), ("константин",)),
    **dict.fromkeys(("петя",), ("петр",)),
    **dict.fromkeys(("ваня",), ("иван",)),
    **dict.fromkeys(("юра",), ("юрий",)),
    **dict.fromkeys(("люда",), ("людмила",)),
}


class RussianPeople:
    """Knows the dictionary, loaded in 0.1 to 0.2 s; readings of words met before cost a look-up."""

    def __init__(self) -> None:
        self._morph = MorphAnalyzer(lang="ru")
        self.readings = functools.lru_cache(maxsize=50_000)(self._readings)

    def _readings(self, word: str) -> tuple[Parse, ...]:
        return tuple(self._morph.parse(word.lower()))

    def find(self, word: str, speakers: Sequence[str], *, unmarked: bool = False) -> str:
        """Return whom a word names: a speaker, or else a Russian name as it is in the dictionary; empty for none.

        In `unmarked` speech names have no capitals: there a word is one only where it is hardly anything else.
        """
        if not word[:1].isupper() and not unmarked:
            return ""
        forms = {word.lower(), *(reading.normal_form for reading in self.readings(word))}
        forms = {form.replace("ё", "е") for form in forms}
        longer = {long for form in forms for long in _SHORT.get(form, ())}
        for names in (forms, longer):
            found = [name for name in speakers if _is_one_of(name, names)]
            if len(found) == 1:
                return found[0]
        if any("Surn" in r.tag and "nomn" in r.tag for r in self.readings(word)) and not any(
            "Name" in r.tag and "nomn" in r.tag for r in self.readings(word)
        ):
            return word if word[:1].isupper() else ""
        usual = [reading for reading in self.readings(word) if "Name" in reading.tag]
        if (
            unmarked
            and usual
            and (len(word) < SHORTEST_UNMARKED or usual[0] is not self.readings(word)[0])
        ):
            return ""
        return usual[0].normal_form.capitalize() if usual else ""

    def plain_family(self, word: str) -> str:
        """Return a patronymic or family name in the nominative, as `Петровна` of `Петровне`."""
        found = [r for r in self.readings(word) if "Patr" in r.tag or "Surn" in r.tag]
        form = found[0].inflect({"nomn"}) if found else None
        return form.word.capitalize() if form else word

    def is_family(self, word: str) -> bool:
        """Tell whether a word is a patronymic or a family name, as those that follow a first name."""
        return word[:1].isupper() and any(
            "Patr" in reading.tag or "Surn" in reading.tag for reading in self.readings(word)
        )


def _is_one_of(name: str, forms: set[str]) -> bool:
    """Tell whether a speaker has one of the names, in Russian letters or, as in many accounts, in Latin ones."""
    parts = {part.lower().replace("ё", "е") for part in name.split()}
    if not forms.isdisjoint(parts):
        return True
    latin = {form.translate(_LATIN) for form in forms}
    return any(
        fuzz.ratio(part, form) >= SAME_NAME for part in parts if part.isascii() for form in latin
    )
