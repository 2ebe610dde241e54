"""Russian first names in all their forms, and whom of a meeting they mean."""

import functools
from collections.abc import Sequence

from pymorphy3 import MorphAnalyzer
from pymorphy3.analyzer import Parse
from rapidfuzz import fuzz

SAME_NAME = 80
"""Of 100: `дмитрий` is `dmitry`, `dmitrii` and `dmitriy`."""
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

    def find(self, word: str, speakers: Sequence[str]) -> str:
        """Return whom a word names: a speaker, or else a Russian name as it is in the dictionary; empty for none."""
        if not word[:1].isupper():
            return ""
        forms = {word.lower(), *(reading.normal_form for reading in self.readings(word))}
        forms = {form.replace("ё", "е") for form in forms}
        longer = {long for form in forms for long in _SHORT.get(form, ())}
        for names in (forms, longer):
            found = [name for name in speakers if _is_one_of(name, names)]
            if len(found) == 1:
                return found[0]
        usual = [reading for reading in self.readings(word) if "Name" in reading.tag]
        return usual[0].normal_form.capitalize() if usual else ""


def _is_one_of(name: str, forms: set[str]) -> bool:
    """Tell whether a speaker has one of the names, in Russian letters or, as in many accounts, in Latin ones."""
    parts = {part.lower().replace("ё", "е") for part in name.split()}
    if not forms.isdisjoint(parts):
        return True
    latin = {form.translate(_LATIN) for form in forms}
    return any(
        fuzz.ratio(part, form) >= SAME_NAME for part in parts if part.isascii() for form in latin
    )
