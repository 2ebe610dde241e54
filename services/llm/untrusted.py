"""What strangers said or wrote, in a prompt: it stands between marks, such as <quotes>, that it cannot hold."""

_MARKS = str.maketrans({"<": "‹", ">": "›"})


def plain(text: str) -> str:
    """Return a text as one line, without a character that a mark is made of."""
    return " ".join(text.split()).translate(_MARKS)
