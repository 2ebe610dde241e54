"""What counts as something said: words, and how many there are."""

import re

from services.kernel.errors import InvalidInput

_WORD = re.compile(r"\w+(?:[-'’]\w+|[.:]\d+)*")


class NothingSaid(InvalidInput):
    """The conversation holds no word, or only one side ever spoke: there is nothing to judge."""


class UnsureLanguage(InvalidInput):
    """What was heard may be invented, since another language may be spoken: it is not judged."""


def count_words(text: str) -> int:
    """Count the words; `15:30` and `check-up` are one."""
    return len(_WORD.findall(text))
