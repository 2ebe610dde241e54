"""The names of who says what in a meeting, by the times at which its provider noticed people speak. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from services.transcription.domain import Segment, SpokenInterval

NEAR_SECONDS = 1.0
"""How far from an interval a phrase may still be of its speaker, since providers notice speakers late."""


def named(phrases: Sequence[Segment], speakers: Sequence[SpokenInterval]) -> Iterator[Segment]:
    """Yield the phrases, ordered by start, each with the name of who spoke longest during it.

    Where nobody did, it is the nearest speaker within `NEAR_SECONDS`; where there is none, the name stays empty.
    """
    coming = sorted(
        (each for each in speakers if each.speaker_name), key=lambda each: each.start_seconds
    )
    near: list[SpokenInterval] = []
    first = 0
    for phrase in phrases:
        while (
            first < len(coming) and coming[first].start_seconds < phrase.end_seconds + NEAR_SECONDS
        ):
            near.append(coming[first])
            first += 1
        near = [each for each in near if each.end_seconds > phrase.start_seconds - NEAR_SECONDS]
        yield replace(phrase, name=_name(phrase, near))


def _name(phrase: Segment, near: Sequence[SpokenInterval]) -> str:
    seconds: dict[str, float] = defaultdict(float)
    gaps: dict[str, float] = {}
    for each in near:
        overlap = min(each.end_seconds, phrase.end_seconds) - max(
            each.start_seconds, phrase.start_seconds
        )
        if overlap > 0:
            seconds[each.speaker_name] += overlap
        elif -overlap < NEAR_SECONDS:
            gap = gaps.get(each.speaker_name, NEAR_SECONDS)
            gaps[each.speaker_name] = min(-overlap, gap)
    if seconds:
        return max(seconds, key=lambda name: seconds[name])
    return min(gaps, key=lambda name: gaps[name], default="")
