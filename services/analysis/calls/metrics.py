"""How a conversation was spoken, computed from its timed turns alone: no thresholds, no judgements.

Definitions follow speech_dynamics and the common practice of call analytics; any change of one
raises `METRICS_VERSION`. Where a recogniser cuts speech into turns changes none of them but the
questions: what one side says in one go is joined first.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from statistics import mean, median, stdev

from services.analysis.calls.domain import (
    Conversation,
    LongPauses,
    Metrics,
    SideMetrics,
    Speaker,
    Turn,
)
from services.analysis.calls.utterances import (
    BACKCHANNEL_WORDS,
    Span,
    Utterance,
    length,
    union,
    utterances,
    without_backchannels,
)
from services.analysis.words.speech import count_words

METRICS_VERSION = 2

OVERLAP_TOLERANCE_SECONDS = 0.15
TAKEOVER_SECONDS = 1.0
LONG_PAUSE_SECONDS = 3.0
MIN_PACE_SECONDS = 1.5
MIN_SAMPLES = 3
"""A median or a deviation of fewer says nothing."""

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
    speech = union((t.start_seconds, t.end_seconds) for t in turns)
    span = speech[-1][1] - speech[0][0] if speech else 0.0
    silence = max(0.0, span - length(speech))
    known = (
        bool(turns)
        and not conversation.speakers_guessed  # figures of a side are no guess
        and all(t.speaker is not Speaker.UNKNOWN for t in turns)
    )
    reliable = conversation.overlap_reliable and known
    operator, client = _measure_sides(turns, span, reliable=reliable) if known else (None, None)
    spoken = operator.speech_seconds + client.speech_seconds if operator and client else 0.0
    return Metrics(
        span_seconds=span,
        silence_seconds=silence,
        silence_share=silence / span if span else None,
        long_pauses=_long_pauses(speech),
        overlap_seconds=max(0.0, spoken - length(speech)) if reliable else None,
        first_speaker=_first_speaker(turns) if known else None,
        operator_talk_share=operator.speech_seconds / spoken if operator else None,
        operator=operator,
        client=client,
    )


def _first_speaker(turns: Sequence[Turn]) -> Speaker | None:
    """Return who speaks first, None where both begin at once."""
    first = {t.speaker for t in turns if t.start_seconds == turns[0].start_seconds}
    return turns[0].speaker if len(first) == 1 else None


def _measure_sides(
    turns: Sequence[Turn], span: float, *, reliable: bool
) -> tuple[SideMetrics, SideMetrics]:
    operator = [t for t in turns if t.speaker is Speaker.OPERATOR]
    client = [t for t in turns if t.speaker is Speaker.CLIENT]
    return (
        _measure_side(operator, client, span, reliable=reliable),
        _measure_side(client, operator, span, reliable=reliable),
    )


def _measure_side(
    own: Sequence[Turn], others: Sequence[Turn], span: float, *, reliable: bool
) -> SideMetrics:
    own_utterances, other_utterances = utterances(own, others), utterances(others, own)
    taken = without_backchannels(own_utterances, other_utterances)
    paced = [each for each in own_utterances if each.speech_seconds >= MIN_PACE_SECONDS]
    paces = [each.words_per_minute for each in paced]
    latencies = _latencies(taken, without_backchannels(other_utterances, own_utterances))
    interruptions = _interruptions(taken, other_utterances) if reliable else None
    monologues = utterances(own, others, few_words_end_it=False)
    enough = len(paces) >= MIN_SAMPLES
    return SideMetrics(
        speech_seconds=length(union((t.start_seconds, t.end_seconds) for t in own)),
        words=sum(each.words for each in own_utterances),
        turns=len(taken),
        average_turn_seconds=mean(each.seconds for each in taken) if taken else None,
        words_per_minute=(
            60 * sum(each.words for each in paced) / sum(each.speech_seconds for each in paced)
            if paced
            else None
        ),
        pace_median=median(paces) if enough else None,
        pace_deviation=stdev(paces) if enough else None,
        longest_monologue_seconds=max((each.seconds for each in monologues), default=0.0),
        questions=sum(_questions(t.text) for t in own),
        interruptions=interruptions,
        interruptions_per_minute=None if interruptions is None else 60 * interruptions / span,
        response_latency_median_seconds=(
            median(latencies) if len(latencies) >= MIN_SAMPLES else None
        ),
    )


def _latencies(own: Sequence[Utterance], others: Sequence[Utterance]) -> list[float]:
    """Return how long after the other side each utterance that answers it begins, 0 where it cuts in."""
    spoken = sorted(
        [(each.start, each.end, True) for each in own]
        + [(other.start, other.end, False) for other in others]
    )
    return [
        max(0.0, start - before_end)
        for (_, before_end, before_mine), (start, _, mine) in pairwise(spoken)
        if mine and not before_mine
    ]


def _interruptions(own: Sequence[Utterance], others: Sequence[Utterance]) -> int:
    """Count the utterances that begin inside the other's speech and take the floor.

    Neither side's back-channels count: not as interruption, not as speech to interrupt.
    """
    floors = union((o.start, o.end) for o in others if o.words > BACKCHANNEL_WORDS)
    return sum(_takes_floor(t, floors) for t in own if t.words > BACKCHANNEL_WORDS)


def _takes_floor(utterance: Utterance, floors: Sequence[Span]) -> bool:
    """Tell whether an utterance begins inside a floor and outlasts it; `floors` are sorted and apart."""
    position = bisect_left(floors, (utterance.start,)) - 1
    if position < 0:
        return False
    _, end = floors[position]
    return (
        utterance.start <= end - OVERLAP_TOLERANCE_SECONDS
        and utterance.end >= end + TAKEOVER_SECONDS
    )


def _long_pauses(speech: Sequence[Span]) -> LongPauses:
    gaps = [after[0] - before[1] for before, after in pairwise(speech)]
    pauses = [gap for gap in gaps if gap > LONG_PAUSE_SECONDS]
    return LongPauses(
        count=len(pauses), total_seconds=sum(pauses), longest_seconds=max(pauses, default=0.0)
    )


def _questions(text: str) -> int:
    """Count question marks; without any, an opening question word (recognisers drop marks)."""
    return len(re.findall(r"\?+", text)) or int(_ASKS.match(text) is not None)
