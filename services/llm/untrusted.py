"""What strangers said or wrote, in a prompt: it stands between marks, such as <quotes>, that it cannot hold."""

from services.llm.injection import addresses_machine

MAX_NAME = 80

_MARKS = str.maketrans(
    dict.fromkeys("<＜﹤‹〈⟨《⟪≺˂❮", "‹") | dict.fromkeys(">＞﹥›〉⟩》⟫≻˃❯", "›")
)
"""What marks are made of, and what looks like it."""


def plain(text: str) -> str:
    """Return a text as one line of what can be seen, without a character that a mark is made of."""
    seen = "".join(each for each in text if each.isprintable() or each.isspace())
    return " ".join(seen.split()).translate(_MARKS)


def plain_name(name: str) -> str:
    """Return the name of a person as it may stand in a prompt; empty for one that speaks to a machine instead."""
    shown = plain(name).replace(":", "")
    return "" if len(shown) > MAX_NAME or addresses_machine(name) else shown
