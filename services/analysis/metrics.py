"""How a conversation was spoken, computed from its timed turns alone: no thresholds, no verdicts.

Definitions follow speech_dynamics and the common practice of call analytics; any change of one
raises `METRICS_VERSION`. Where a recogniser cuts speech into turns changes none of them but the
questions: what one side says in one go is joined first.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import mean, median, stdev

from services.analysis.domain import Conversation, LongPauses, Metrics, SideMetrics, Speaker, Turn

METRICS_VERSION = 2

BACKCHANNEL_WORDS = 3
OVERLAP_TOLERANCE_SECONDS = 0.15
TAKEOVER_SECONDS = 1.0
MERGE_GAP_SECONDS = 1.0
LONG_PAUSE_SECONDS = 3.0
MIN_PACE_SECONDS = 1.5
MIN_SAMPLES = 3
"""A median or a deviation of fewer says nothing."""

Span = tuple[float, float]

_WORD = re.compile(r"\w+(?:[-'’]\w+|[.:]\d+)*")
_ASKS = re.compile(
    r"\W*(?:кто|что|где|куда|когда|почему|зачем|как|какой|какая|какое|какие|сколько|чей"
    r"|who|what|where|when|why|how|which)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Talk:
    """What one side says in one go, with pauses of at most `MERGE_GAP_SECONDS` in it."""

    start: float
    end: float
    speech_seconds: float
    words: int

    @property
    def seconds(self) -> float:
        return self.end - self.start

    @property
    def words_per_minute(self) -> float:
        return 60 * self.words / self.speech_seconds


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
    operator, client = _measure_sides(turns, span, reliable=reliable) if known else (None, None)
    spoken = operator.speech_seconds + client.speech_seconds if operator and client else 0.0
    return Metrics(
        span_seconds=span,
        silence_seconds=silence,
        silence_share=silence / span if span else None,
        long_pauses=_long_pauses(speech),
        overlap_seconds=max(0.0, spoken - _length(speech)) if reliable else None,
        first_speaker=_first_speaker(turns) if known else None,
        operator_talk_share=operator.speech_seconds / spoken if operator else None,
        operator=operator,
        client=client,
    )


def count_words(text: str) -> int:
    """Count the words; `15:30` and `check-up` are one."""
    return len(_WORD.findall(text))


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
    talks, other_talks = _talks(own, others), _talks(others, own)
    taken = _without_backchannels(talks, other_talks)
    paced = [talk for talk in talks if talk.speech_seconds >= MIN_PACE_SECONDS]
    paces = [talk.words_per_minute for talk in paced]
    latencies = _latencies(taken, _without_backchannels(other_talks, talks))
    interruptions = _interruptions(taken, other_talks) if reliable else None
    monologues = _talks(own, others, few_words_end_it=False)
    enough = len(paces) >= MIN_SAMPLES
    return SideMetrics(
        speech_seconds=_length(_union((t.start_seconds, t.end_seconds) for t in own)),
        words=sum(talk.words for talk in talks),
        turns=len(taken),
        average_turn_seconds=mean(talk.seconds for talk in taken) if taken else None,
        words_per_minute=(
            60 * sum(talk.words for talk in paced) / sum(talk.speech_seconds for talk in paced)
            if paced
            else None
        ),
        pace_median=median(paces) if enough else None,
        pace_deviation=stdev(paces) if enough else None,
        longest_monologue_seconds=max((talk.seconds for talk in monologues), default=0.0),
        questions=sum(_questions(t.text) for t in own),
        interruptions=interruptions,
        interruptions_per_minute=None if interruptions is None else 60 * interruptions / span,
        response_latency_median_seconds=(
            median(latencies) if len(latencies) >= MIN_SAMPLES else None
        ),
    )


def _talks(
    own: Sequence[Turn], others: Sequence[Turn], *, few_words_end_it: bool = True
) -> list[_Talk]:
    """Join the turns of one side that nothing but back-channels of the other side parts.

    Those are what the other side says in one go, in at most `BACKCHANNEL_WORDS` words, and begins
    while this one speaks; begun in a pause, few words are an answer, and end the talk unless told
    otherwise. What does not end it counts as sound when its pauses are measured.
    """
    heard = [_talk(group) for group in _in_one_go(others)]
    groups: list[list[Turn]] = []
    said: Span = (0.0, 0.0)
    for turn in own:
        if groups and _goes_on(said, turn.start_seconds, heard, few_words_end_it=few_words_end_it):
            groups[-1].append(turn)
            said = (said[0], max(said[1], turn.end_seconds))
        else:
            groups.append([turn])
            said = (turn.start_seconds, turn.end_seconds)
    return [_talk(group) for group in groups]


def _in_one_go(turns: Sequence[Turn]) -> list[list[Turn]]:
    """Group the turns of one side with pauses of at most `MERGE_GAP_SECONDS` between them."""
    groups: list[list[Turn]] = []
    end = 0.0
    for turn in turns:
        if groups and turn.start_seconds - end <= MERGE_GAP_SECONDS:
            groups[-1].append(turn)
            end = max(end, turn.end_seconds)
        else:
            groups.append([turn])
            end = turn.end_seconds
    return groups


def _goes_on(said: Span, start: float, heard: Sequence[_Talk], *, few_words_end_it: bool) -> bool:
    """Tell whether a talk that was said so far goes on at `start`."""
    end = said[1]
    for other in heard:
        if start <= end or other.start >= start:
            break
        if other.end <= end:
            continue
        if other.words > BACKCHANNEL_WORDS or other.start - end > MERGE_GAP_SECONDS:
            return False
        if few_words_end_it and not said[0] <= other.start < said[1]:
            return False
        end = other.end
    return start - end <= MERGE_GAP_SECONDS


def _talk(turns: Sequence[Turn]) -> _Talk:
    return _Talk(
        start=turns[0].start_seconds,
        end=max(turn.end_seconds for turn in turns),
        speech_seconds=_length(_union((t.start_seconds, t.end_seconds) for t in turns)),
        words=sum(count_words(turn.text) for turn in turns),
    )


def _without_backchannels(talks: Sequence[_Talk], others: Sequence[_Talk]) -> list[_Talk]:
    """Leave out the few words that begin within a longer talk of the other side."""
    floors = [talk for talk in others if talk.words > BACKCHANNEL_WORDS]
    return [
        talk
        for talk in talks
        if talk.words > BACKCHANNEL_WORDS
        or not any(floor.start <= talk.start < floor.end for floor in floors)
    ]


def _latencies(talks: Sequence[_Talk], others: Sequence[_Talk]) -> list[float]:
    """Return how long after the other side each talk that answers it begins, 0 where it cuts in."""
    spoken = sorted(
        [(talk.start, talk.end, True) for talk in talks]
        + [(other.start, other.end, False) for other in others]
    )
    return [
        max(0.0, start - before_end)
        for (_, before_end, before_own), (start, _, own) in pairwise(spoken)
        if own and not before_own
    ]


def _interruptions(talks: Sequence[_Talk], others: Sequence[_Talk]) -> int:
    """Count the talks that begin inside the other's speech and take the floor.

    Neither side's back-channels count: not as interruption, not as speech to interrupt.
    """
    floors = _union((o.start, o.end) for o in others if o.words > BACKCHANNEL_WORDS)
    return sum(_takes_floor(t, floors) for t in talks if t.words > BACKCHANNEL_WORDS)


def _takes_floor(talk: _Talk, floors: Sequence[Span]) -> bool:
    """Tell whether a talk begins inside a floor and outlasts it; `floors` are sorted and apart."""
    position = bisect_left(floors, (talk.start,)) - 1
    if position < 0:
        return False
    _, end = floors[position]
    return talk.start <= end - OVERLAP_TOLERANCE_SECONDS and talk.end >= end + TAKEOVER_SECONDS


def _union(spans: Iterable[Span]) -> list[Span]:
    """Merge spans that touch or overlap."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
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


def _questions(text: str) -> int:
    """Count question marks; without any, an opening question word (recognisers drop marks)."""
    return len(re.findall(r"\?+", text)) or int(_ASKS.match(text) is not None)
