"""Utterances: what one side says in one go, wherever a recogniser cuts it into turns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.analysis.calls.domain import Turn
from services.analysis.words.speech import count_words

BACKCHANNEL_WORDS = 3
MERGE_GAP_SECONDS = 1.0

Span = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """What one side says in one go, with pauses of at most `MERGE_GAP_SECONDS` in it.

    Times are seconds; `speech_seconds` leaves the pauses out.
    """

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


def utterances(
    own: Sequence[Turn], others: Sequence[Turn], *, few_words_end_it: bool = True
) -> list[Utterance]:
    """Return the utterances of one side: its turns, joined where at most back-channels stand between.

    A back-channel is an utterance of the other side of at most `BACKCHANNEL_WORDS` words, begun while
    this side speaks. As few words begun in a pause are an answer, and end the utterance unless
    `few_words_end_it` is false. What does not end an utterance counts as sound when its pauses are
    measured.
    """
    replies = [_utterance(group) for group in _in_one_go(others)]
    groups: list[list[Turn]] = []
    so_far: Span = (0.0, 0.0)
    for turn in own:
        if groups and _goes_on(
            so_far, turn.start_seconds, replies, few_words_end_it=few_words_end_it
        ):
            groups[-1].append(turn)
            so_far = (so_far[0], max(so_far[1], turn.end_seconds))
        else:
            groups.append([turn])
            so_far = (turn.start_seconds, turn.end_seconds)
    return [_utterance(group) for group in groups]


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


def _goes_on(
    so_far: Span, start: float, replies: Sequence[Utterance], *, few_words_end_it: bool
) -> bool:
    """Tell whether an utterance goes on at `start`."""
    end = so_far[1]
    for other in replies:
        if start <= end or other.start >= start:
            break
        if other.end <= end:
            continue
        if other.words > BACKCHANNEL_WORDS or other.start - end > MERGE_GAP_SECONDS:
            return False
        if few_words_end_it and not so_far[0] <= other.start < so_far[1]:
            return False
        end = other.end
    return start - end <= MERGE_GAP_SECONDS


def _utterance(turns: Sequence[Turn]) -> Utterance:
    return Utterance(
        start=turns[0].start_seconds,
        end=max(turn.end_seconds for turn in turns),
        speech_seconds=length(union((t.start_seconds, t.end_seconds) for t in turns)),
        words=sum(count_words(turn.text) for turn in turns),
    )


def without_backchannels(own: Sequence[Utterance], others: Sequence[Utterance]) -> list[Utterance]:
    """Leave out the few words that begin within a longer utterance of the other side."""
    floors = [other for other in others if other.words > BACKCHANNEL_WORDS]
    return [
        each
        for each in own
        if each.words > BACKCHANNEL_WORDS
        or not any(floor.start <= each.start < floor.end for floor in floors)
    ]


def union(spans: Iterable[Span]) -> list[Span]:
    """Merge spans that touch or overlap."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def length(spans: Iterable[Span]) -> float:
    """Add up spans that do not overlap, in seconds."""
    return sum(end - start for start, end in spans)
