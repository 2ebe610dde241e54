"""What is said in a meeting and what it comes to. Nothing here does I/O."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NewType

from services.analysis.words.speech import count_words
from services.kernel.errors import NotFound
from services.llm.quotes import QuotableTexts
from services.llm.spoken.denials import denies
from services.llm.transcripts import seconds_at
from services.status.domain import Owner, RunId

BotId = NewType("BotId", str)

MOST_DECISIONS = 20


class MeetingAnalysisNotFound(NotFound):
    """The meeting has not been analysed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingTurn:
    """What somebody says in one go; `speaker` is empty where nobody knows who.

    `starts` are the characters at which its words begin, and when, in seconds; empty where nobody knows when.
    """

    speaker: str
    text: str
    starts: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingTranscript:
    """The transcript of a meeting; `unsure_language` says why its language may be another, empty where it is sure."""

    bot_id: BotId
    owner: Owner
    language: str
    turns: tuple[MeetingTurn, ...]
    unsure_language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingDecision:
    """A decision in a sentence, and the words of the transcript it was taken in, who said them and when."""

    text: str
    quote: str
    quote_speaker: str = ""
    quote_start_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingJudgement:
    """What a judge makes of a meeting; `by_model` where a language model wrote it, which may obey what it reads."""

    summary: str
    decisions: tuple[MeetingDecision, ...]
    by_model: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerShare:
    """How many words a speaker said, and their share of all words, 0..1."""

    speaker: str
    words: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingAnalysis:
    """What a meeting came to; `session_id` is the run that made it, `judge` who judged.

    `evidence_flags` names each turn that speaks to a machine, so that nothing rests on it, and each text
    of which something was removed.
    """

    bot_id: BotId
    owner: Owner
    session_id: RunId
    summary: str
    decisions: tuple[MeetingDecision, ...]
    speakers: tuple[SpeakerShare, ...]
    judge: str
    created_at: datetime
    evidence_flags: tuple[str, ...] = ()


def speaker_shares(turns: Iterable[MeetingTurn]) -> tuple[SpeakerShare, ...]:
    """Return how much each speaker with a name said of all words, the most talkative first."""
    words: Counter[str] = Counter()
    for turn in turns:
        words[turn.speaker] += count_words(turn.text)
    total = words.total()
    return tuple(
        SpeakerShare(speaker=speaker, words=count, share=count / total)
        for speaker, count in words.most_common()
        if speaker and count
    )


def said_decisions(
    decisions: Iterable[MeetingDecision], turns: Sequence[MeetingTurn]
) -> Iterator[MeetingDecision]:
    """Yield the decisions whose quote somebody said and that it does not deny, each once, with the quote as it was said."""
    said = QuotableTexts(turn.text for turn in turns)
    seen: set[str] = set()
    for decision in decisions:
        found = said.find(decision.quote)
        if found and found.text not in seen and not denies(found.text, decision.text):
            seen.add(found.text)
            turn = turns[found.index]
            yield replace(
                decision,
                quote=found.text,
                quote_speaker=decision.quote_speaker or turn.speaker,
                quote_start_seconds=decision.quote_start_seconds
                if decision.quote_speaker
                else seconds_at(turn.starts, found.span.start),
            )
