"""Who says what in a meeting, by the times at which its provider noticed each of them speak. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from services.transcription.domain import Segment, Spoken

NEAR_SECONDS = 1.0
"""Providers notice a speaker late: what is said so shortly before or after may still be theirs."""


def named(phrases: Sequence[Segment], spoken: Sequence[Spoken]) -> Iterator[Segment]:
    """Yield the phrases, ordered by start, each with the name of who spoke longest during it.

    Where nobody did, it is the nearest speaker within `NEAR_SECONDS`; without one it stays unnamed.
    """
    coming = sorted((each for each in spoken if each.name), key=lambda each: each.start)
    near: list[Spoken] = []
    first = 0
    for phrase in phrases:
        while first < len(coming) and coming[first].start < phrase.end_seconds + NEAR_SECONDS:
            near.append(coming[first])
            first += 1
        near = [each for each in near if each.end > phrase.start_seconds - NEAR_SECONDS]
        yield replace(phrase, name=_name(phrase, near))


def _name(phrase: Segment, near: Sequence[Spoken]) -> str:
    seconds: dict[str, float] = defaultdict(float)
    gaps: dict[str, float] = {}
    for each in near:
        overlap = min(each.end, phrase.end_seconds) - max(each.start, phrase.start_seconds)
        if overlap > 0:
            seconds[each.name] += overlap
        elif -overlap < NEAR_SECONDS:
            gaps[each.name] = min(-overlap, gaps.get(each.name, NEAR_SECONDS))
    if seconds:
        return max(seconds, key=lambda name: seconds[name])
    return min(gaps, key=lambda name: gaps[name], default="")
