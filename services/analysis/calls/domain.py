"""What an analysed conversation is: its turns, its metrics, the judgement over it and its scores."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NewType

from services.kernel.errors import InvalidInput, LimitReached, NotFound
from services.llm.domain import Usage
from services.status.domain import DateRange, Owner, Reason

CallId = NewType("CallId", str)


class UndeclaredLabels(InvalidInput):
    """A judgement names types, outcomes or items that its playbook does not declare."""


class NotJudged(InvalidInput):
    """The language model gives no usable answer for a dialogue."""


class TooExpensive(LimitReached):
    """Judging a dialogue might cost more than a run may."""


class AnalysisNotFound(NotFound):
    """The call has not been analysed."""


class Speaker(enum.Enum):
    """Who speaks; UNKNOWN where the recording does not tell, as in mono."""

    OPERATOR = "operator"
    CLIENT = "client"
    UNKNOWN = "unknown"


class Direction(enum.Enum):
    """Which side placed the call."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    UNKNOWN = "unknown"


class ItemStatus(enum.Enum):
    """How far the operator got with one item of the checklist."""

    COMPLETED = "completed"
    ATTEMPTED = "attempted"
    NOT_REACHED = "not_reached"
    NOT_APPLICABLE = "not_applicable"
    CANNOT_BE_TOLD = "cannot_be_told"


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One recognised word of a turn, with its punctuation and the blank before it.

    `probability` is the speech model's own, above 0 and up to 1, or 0 where it gives none.
    """

    text: str
    start_seconds: float
    end_seconds: float
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one speaker says in one go. `index` is its position in the conversation.

    `words` joined are `text`; it is empty where the words are not known one by one.
    """

    index: int
    speaker: Speaker
    start_seconds: float
    end_seconds: float
    text: str
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFacts:
    """What is known of a call without its words.

    `day` is in the client's time zone. `duration_seconds` is the recording's where the source of
    the call does not tell its own.
    """

    call_id: CallId
    owner: Owner
    employee: str | None
    day: date
    started_at: datetime
    duration_seconds: float
    direction: Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A transcribed call: turns ordered by start, `turns[i].index == i`.

    `overlap_reliable` is true where each side was recorded apart, so that speech over one another
    is kept. `language` is the one it was transcribed in, ISO 639-1. `speakers_guessed` is true where
    the recording does not tell the speakers, and their words did. `unsure_language` says for people which voice may speak
    another language than it was heard in; it is empty where all is sure.
    """

    call: CallFacts
    language: str
    turns: tuple[Turn, ...]
    overlap_reliable: bool
    speakers_guessed: bool = False
    unsure_language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LongPauses:
    """Silences of more than three seconds between the first word and the last."""

    count: int
    total_seconds: float
    longest_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SideMetrics:
    """How one side speaks. A value is None where the conversation cannot tell, or too seldom does.

    A turn is an utterance, what the side says in one go: neither a pause of up to a second ends it
    nor up to three words that the other side begins meanwhile, which are no turn of the other. A
    monologue goes on over such words in a pause, too. `average_turn_seconds` and
    `longest_monologue_seconds` count pauses in. `words_per_minute`,
    `pace_median` and `pace_deviation` (standard, of a sample) are words a minute of speech, over
    turns with at least one and a half seconds of it. `interruptions_per_minute` is by the minutes
    of the whole conversation.
    """

    speech_seconds: float
    words: int
    turns: int
    average_turn_seconds: float | None
    words_per_minute: float | None
    pace_median: float | None
    pace_deviation: float | None
    longest_monologue_seconds: float
    questions: int
    interruptions: int | None
    interruptions_per_minute: float | None
    response_latency_median_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """What timed turns say without a judge.

    The sides, `first_speaker` and `operator_talk_share` are None where speakers are unknown (the
    first also where both begin at once), `overlap_seconds` where overlaps are not recorded, the
    shares where nothing was said. Shares are 0..1.
    """

    span_seconds: float
    silence_seconds: float
    silence_share: float | None
    long_pauses: LongPauses
    overlap_seconds: float | None
    first_speaker: Speaker | None
    operator_talk_share: float | None
    operator: SideMetrics | None
    client: SideMetrics | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Words of the transcript: a quote and the index of the turn it was said in.

    The rest is the transcript's to say, and None until the quote was checked against it: who said
    it and when, and how sure the speech model is of it, the mean over its words (None also where the
    model does not say).
    """

    turn: int
    text: str
    speaker: Speaker | None = None
    start_seconds: float | None = None
    end_seconds: float | None = None
    probability: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """A reservation of the client, of a kind the playbook declares."""

    kind: str
    quote: Evidence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedItem:
    """One item of the playbook's checklist and what became of it."""

    item: str
    status: ItemStatus
    quote: Evidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What the two sides settled: by which day, and which side is to do it, where somebody says so."""

    text: str
    quote: Evidence | None
    owner: Speaker | None = None
    due: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFact:
    """Something the client told about themselves, of a kind the playbook declares."""

    kind: str
    text: str
    quote: Evidence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """One thing to do better. `priority` 1 comes first."""

    skill: str
    priority: int
    text: str
    why: str
    quote: Evidence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a judge makes of a conversation; every label is a string its playbook declares."""

    call_type: str
    call_type_quote: Evidence | None = None
    outcome: str
    outcome_quote: Evidence | None = None
    sentiment: str
    sentiment_quote: Evidence | None = None
    summary: str
    objections: tuple[Objection, ...] = ()
    checklist: tuple[CheckedItem, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    client_facts: tuple[ClientFact, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Percentages over the items of the checklist that apply and can be told; None where there is none.

    `applicable_items` counts those that cannot be told, too; `told_share` is what the items that
    can be told weigh, 0 to 1 of all that apply, None where none applies.
    """

    checklist: float | None
    by_skill: Mapping[str, float]
    applicable_items: int
    told_items: int
    told_share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillWeight:
    """What a checklist item counts for: the skill it tells of, and its part of the score."""

    skill: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """What an analysis depends on: equal versions and equal input give an equal analysis.

    The hashes are hex SHA-256.
    """

    metrics: int
    judge_name: str
    judge_version: str
    playbook_name: str
    playbook_hash: str
    input_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """Why another judge took over from `judge`, the one that was to judge."""

    judge: str
    reason: Reason
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """Everything the service says about one call.

    `weights` says what each item of the judgement's checklist counts for. `evidence_flags` names
    each thing that the transcript does not bear out and what became of it, each turn that speaks to a
    machine, and each text of which something was removed. `language` and `speakers_guessed` are the
    conversation's. `usage` is what a language model was asked for it, None where none was.
    """

    call: CallFacts
    language: str
    speakers_guessed: bool
    metrics: Metrics
    judgement: Judgement
    weights: Mapping[str, SkillWeight]
    scores: Scores
    evidence_flags: tuple[str, ...]
    versions: Versions
    usage: Usage | None = None
    fallback: Fallback | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisFilter:
    """Which analyses of an owner are listed. None selects everything, analyses without such a value too."""

    owner: Owner
    days: DateRange
    call_type: str | None = None
    outcome: str | None = None
    sentiment: str | None = None
    employee: str | None = None
    min_score: float | None = None
    max_score: float | None = None
