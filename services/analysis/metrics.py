"""How a conversation was spoken, computed from its timed turns alone: no thresholds, no verdicts.

Definitions follow speech_dynamics and the common practice of call analytics; any change of one
raises `METRICS_VERSION`.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median

from services.analysis.domain import Conversation, LongPauses, Metrics, SideMetrics, Speaker, Turn

METRICS_VERSION = 1

BACKCHANNEL_WORDS = 3
OVERLAP_TOLERANCE_SECONDS = 0.15
TAKEOVER_SECONDS = 1.0
MERGE_GAP_SECONDS = 1.0
LONG_PAUSE_SECONDS = 3.0
MIN_PACE_SECONDS = 1.5

Span = tuple[float, float]

_WORD = re.compile(r"\w+(?:[-'’]\w+|[.:]\d+)*")
_ASKS = re.compile(
    r"\W*(?:кто|что|где|куда|когда|почему|зачем|как|какой|какая|какое|какие|сколько|чей"
    r"|who|what|where|when|why|how|which)\b",
    re.IGNORECASE,
)


def measure(conversation: Conversation) -> Metrics:
    """Return the metrics of a conversation; turns without words are not speech."""
    turns = sorted(
        (t for t in conversation.turns if count_words(t.text) and t.end_seconds > t.start_seconds),
        key=lambda t: (t.start_seconds, t.end_seconds),
    )
    speech = _union((t.start_seconds, t.end_seconds) for t in turns)
    span = speech[-1][1] - speech[0][0] if speech else 0.0
    silence = max(0.0, span - _length(speech))
    known = bool(turns) and all(t.speaker is not Speaker.UNKNOWN for t in turns)
    reliable = conversation.overlap_reliable and known
    operator = _measure_side(turns, Speaker.OPERATOR, reliable=reliable) if known else None
    client = _measure_side(turns, Speaker.CLIENT, reliable=reliable) if known else None
    spoken = operator.speech_seconds + client.speech_seconds if operator and client else 0.0
    return Metrics(
        span_seconds=span,
        silence_seconds=silence,
        silence_share=silence / span if span else None,
        long_pauses=_long_pauses(speech),
        overlap_seconds=max(0.0, spoken - _length(speech)) if reliable else None,
        operator_talk_share=operator.speech_seconds / spoken if operator else None,
        operator=operator,
        client=client,
    )


def count_words(text: str) -> int:
    """Count the words; `15:30` and `check-up` are one."""
    return len(_WORD.findall(text))


def _measure_side(turns: Sequence[Turn], side: Speaker, *, reliable: bool) -> SideMetrics:
    own = [t for t in turns if t.speaker is side]
    paced = [t for t in own if t.end_seconds - t.start_seconds >= MIN_PACE_SECONDS]
    paced_seconds = sum(t.end_seconds - t.start_seconds for t in paced)
    latencies = [
        max(0.0, turn.start_seconds - before.end_seconds)
        for before, turn in pairwise(turns)
        if turn.speaker is side and before.speaker is not side
    ]
    return SideMetrics(
        speech_seconds=_length(_union((t.start_seconds, t.end_seconds) for t in own)),
        words=sum(count_words(t.text) for t in own),
        turns=len(own),
        words_per_minute=(
            60 * sum(count_words(t.text) for t in paced) / paced_seconds if paced else None
        ),
        longest_monologue_seconds=_longest_monologue(turns, side),
        questions=sum(_questions(t.text) for t in own),
        interruptions=_interruptions(turns, side) if reliable else None,
        response_latency_median_seconds=median(latencies) if latencies else None,
    )


def _union(spans: Iterable[Span], gap: float = 0.0) -> list[Span]:
    """Merge spans that touch, overlap or are at most `gap` seconds apart."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start - merged[-1][1] <= gap:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _length(spans: Iterable[Span]) -> float:
    return sum(end - start for start, end in spans)


def _long_pauses(speech: Sequence[Span]) -> LongPauses:
    gaps = [after[0] - before[1] for before, after in pairwise(speech)]
    pauses = [gap for gap in gaps if gap > LONG_PAUSE_SECONDS]
    return LongPauses(
        count=len(pauses), total_seconds=sum(pauses), longest_seconds=max(pauses, default=0.0)
    )


def _longest_monologue(turns: Sequence[Turn], side: Speaker) -> float:
    """Return the longest stretch of one side: only a real turn or a pause ends it.

    The other side's back-channels do not, and count as sound when the pause is measured.
    """
    longest = end = heard = 0.0
    start: float | None = None
    for turn in turns:
        if turn.speaker is side:
            if start is None or turn.start_seconds - heard > MERGE_GAP_SECONDS:
                start, end = turn.start_seconds, turn.end_seconds
            end = max(end, turn.end_seconds)
            heard = max(heard, end)
            longest = max(longest, end - start)
        elif count_words(turn.text) <= BACKCHANNEL_WORDS:
            heard = max(heard, turn.end_seconds)
        else:
            start = None
    return longest


def _interruptions(turns: Sequence[Turn], side: Speaker) -> int:
    """Count the side's turns that begin inside the other's speech and take the floor.

    Neither side's back-channels count: not as interruption, not as speech to interrupt.
    """
    real = [t for t in turns if count_words(t.text) > BACKCHANNEL_WORDS]
    floors = _union(
        ((t.start_seconds, t.end_seconds) for t in real if t.speaker is not side),
        gap=MERGE_GAP_SECONDS,
    )
    return sum(_takes_floor(turn, floors) for turn in real if turn.speaker is side)


def _takes_floor(turn: Turn, floors: Sequence[Span]) -> bool:
    """Tell whether a turn begins inside a floor and outlasts it; `floors` are sorted and apart."""
    position = bisect_left(floors, (turn.start_seconds,)) - 1
    if position < 0:
        return False
    _, end = floors[position]
    return (
        turn.start_seconds <= end - OVERLAP_TOLERANCE_SECONDS
        and turn.end_seconds >= end + TAKEOVER_SECONDS
    )


def _questions(text: str) -> int:
    """Count question marks; without any, an opening question word (recognisers drop marks)."""
    return len(re.findall(r"\?+", text)) or int(_ASKS.match(text) is not None)
