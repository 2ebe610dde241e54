"""What of a turn is shown, and where in it the words stand that were looked for. Pure functions."""

from services.call_sync.calls.domain import TextSpan

LONGEST = 300
"""Characters of a turn that are shown at the most."""
_BEFORE = 100
"""Of those, how many before what was found."""
_MARKS = {"\x04": True, "\x05": False}
_TAGS = str.maketrans("\x01\x02\x03", "<>&")


def passage_of(marked: str) -> tuple[str, list[TextSpan]]:
    """Return a text and its highlights from one in which these stand between the controls 4 and 5.

    The controls 1 to 3 stand for `<`, `>` and `&`. Of a long text it is the part around the first highlight.
    """
    shown: list[str] = []
    spans: list[TextSpan] = []
    start = 0
    for character in marked:
        begins = _MARKS.get(character)
        if begins is None:
            shown.append(character)
        elif begins:
            start = len(shown)
        else:
            spans.append(TextSpan(start, len(shown)))
    return _cut("".join(shown).translate(_TAGS), spans)


def _cut(text: str, spans: list[TextSpan]) -> tuple[str, list[TextSpan]]:
    if len(text) <= LONGEST:
        return text, spans
    first = spans[0].start if spans else 0
    start = max(0, min(first - _BEFORE, len(text) - LONGEST))
    if start:
        blank = text.find(" ", start, first)
        start = blank + 1 if blank >= 0 else start
    end = min(len(text), start + LONGEST)
    if end < len(text):
        blank = text.rfind(" ", first + 1, end)
        end = blank if blank > first else end
    return text[start:end], [
        TextSpan(span.start - start, min(span.end, end) - start)
        for span in spans
        if span.start < end
    ]
