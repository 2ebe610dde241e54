"""When words of a turn were said, and how surely they were heard. Pure."""

from statistics import fmean

from services.analysis.calls.domain import Evidence, Turn, Word
from services.llm.quotes import Span


def heard(turn: Turn, span: Span) -> Evidence:
    """Return some characters of a turn as evidence; where its words are not known, its times are the turn's."""
    words = _words_at(turn, span)
    sure = [word.probability for word in words if word.probability > 0]
    return Evidence(
        turn=turn.index,
        text=turn.text[span.start : span.stop],
        speaker=turn.speaker,
        start_seconds=words[0].start_seconds if words else turn.start_seconds,
        end_seconds=words[-1].end_seconds if words else turn.end_seconds,
        probability=fmean(sure) if sure else None,
    )


def _words_at(turn: Turn, span: Span) -> list[Word]:
    """Return the words that some characters of a turn are of, none where the words are not those of its text."""
    joined = "".join(word.text for word in turn.words)
    if joined.strip() != turn.text:
        return []
    found: list[Word] = []
    stop = -(len(joined) - len(joined.lstrip()))
    for word in turn.words:
        start, stop = stop, stop + len(word.text)
        if start < span.stop and span.start < stop and word.text.strip():
            found.append(word)
    return found
