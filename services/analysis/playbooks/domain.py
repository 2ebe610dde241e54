"""What a business wants to know of its calls: the labels, the checklist and the advice.

Labels are plain strings that only a playbook gives meaning to. Its phrases serve the rules judge;
its names, titles and texts serve every judge.
"""

import enum
import functools
import hashlib
from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.analysis.playbooks.classifier import Classifier
from services.analysis.playbooks.phrases import parse_phrase
from services.kernel.errors import NotFound

MAX_EXAMPLES = 3


class PlaybookUnknown(NotFound):
    """A client is to be judged by a playbook that the service does not have."""


def _phrase(text: str) -> str:
    parse_phrase(text)
    return text


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
Text = Annotated[str, Field(min_length=1, max_length=500)]
Texts = Mapping[Language, Text]
"""The same text in every language of the playbook, by ISO 639-1 code."""
PhraseText = Annotated[str, AfterValidator(_phrase)]
Said = Annotated[str, Field(min_length=1, max_length=200)]
Weight = Annotated[float, Field(gt=0, le=100)]


class By(enum.Enum):
    """Whose words count. A speaker nobody knows, as in mono, counts as either."""

    OPERATOR = "operator"
    CLIENT = "client"
    ANYONE = "anyone"


class Where(enum.Enum):
    """Which part of the conversation counts: its first turns, its last, or all."""

    OPENING = "opening"
    CLOSING = "closing"
    ANYWHERE = "anywhere"


class Moment(enum.Enum):
    """The moment a piece of advice is about, which gives it its quote."""

    OPENING = "opening"
    REQUEST = "request"
    OBJECTION = "objection"
    OUTCOME = "outcome"
    CLOSING = "closing"


class Act(enum.Enum):
    """What somebody does with their words, in any trade; the rules judge knows them without phrases.

    The first six are what the client asks for first, the others what has become of a visit at the
    end. SETTLED: a time was offered and accepted, or a booking confirmed, and nothing undid it.
    DECLINES: the client turns down for good what is offered, which "no, thanks" after "anything
    else?" does not. FALLS_THROUGH: what the client wants cannot be had, and nothing else was offered. PUTS_OFF: they will decide later. CALL_PROMISED: the operator's side will call.
    HANDLED: something else was done at once.
    """

    ASKS_PRICE = "asks_price"
    WANTS = "wants"
    ASKS = "asks"
    MOVES = "moves"
    REPROACHES = "reproaches"
    OTHER_BUSINESS = "other_business"
    SETTLED = "settled"
    CANCELLED = "cancelled"
    DECLINES = "declines"
    FALLS_THROUGH = "falls_through"
    PUTS_OFF = "puts_off"
    CALL_PROMISED = "call_promised"
    HANDLED = "handled"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Cue(_Part):
    """Phrases any of which is the sign of something."""

    by: By
    where: Where = Where.ANYWHERE
    phrases: tuple[PhraseText, ...] = Field(min_length=1)


class Signal(Cue):
    """A cue that speaks for a label; it counts once, however often it is found."""

    weight: Weight = 1.0


class Examples(_Part):
    """Words of calls that show something, and such as seem to and do not, in whatever language."""

    shows: tuple[Said, ...] = Field(default=(), max_length=MAX_EXAMPLES)
    does_not_show: tuple[Said, ...] = Field(default=(), max_length=MAX_EXAMPLES)


class Label(_Part):
    """A name a judge may give, to be given from a total weight of `at_least` on.

    `definition` says what it means where its title leaves that open; it and the examples are for a
    judge that reads.

    `types` names the call types it is possible in, none meaning all. `acts` says what each act of
    the conversation weighs for it. A label without signals is for judges that do not need them.
    """

    name: Name
    title: Texts
    definition: Texts | None = None
    examples: Examples = Examples()
    types: tuple[Name, ...] = ()
    at_least: Weight = 1.0
    acts: Mapping[Act, Weight] = Field(default_factory=dict)
    signals: tuple[Signal, ...] = ()


class Choice(_Part):
    """Labels of which a conversation has exactly one, `fallback` where nothing speaks for any."""

    fallback: Name
    labels: tuple[Label, ...] = Field(min_length=1)


class Applicability(_Part):
    """When a checklist item applies: in these types and outcomes (none meaning all)."""

    types: tuple[Name, ...] = ()
    outcomes: tuple[Name, ...] = ()
    with_objection: bool = False

    def holds(self, call_type: str, outcome: str, *, objected: bool) -> bool:
        """Tell whether an item applies to such a conversation."""
        return (
            (not self.types or call_type in self.types)
            and (not self.outcomes or outcome in self.outcomes)
            and (objected or not self.with_objection)
        )


class ChecklistAdvice(_Part):
    """What to tell the operator who left an item out."""

    text: Texts
    why: Texts
    moment: Moment


class ChecklistItem(_Part):
    """A thing the operator ought to do: completed with all steps, attempted with some.

    `definition` and `examples` are as those of a label.
    """

    name: Name
    title: Texts
    definition: Texts | None = None
    examples: Examples = Examples()
    skill: Name
    weight: Weight
    applies: Applicability = Applicability()
    steps: tuple[Cue, ...] = Field(min_length=1)
    advice: ChecklistAdvice


Sentences = Mapping[Language, Annotated[str, Field(pattern=r"^[^{}]*\{\}[^{}]*$")]]


class SummaryTexts(_Part):
    """The sentences of a summary; `{}` is where the finding goes."""

    call_type: Sentences
    quote: Sentences
    objections: Sentences
    outcome: Sentences


class Playbook(_Part):
    """One playbook. `parse_playbook` checks that what it refers to exists.

    Its texts are in each of `languages`; the first is for conversations in any other. `classifier` is
    what was learnt of its labels, None where nothing was.
    """

    name: Name
    languages: tuple[Language, ...] = Field(min_length=1)
    vocabulary: Mapping[Name, tuple[PhraseText, ...]] = Field(default_factory=dict)
    call_types: Choice
    outcomes: Choice
    sentiments: Choice
    objections: tuple[Label, ...]
    checklist: tuple[ChecklistItem, ...]
    agreements: tuple[Cue, ...] = ()
    client_facts: tuple[Label, ...] = ()
    summary: SummaryTexts
    classifier: Annotated[Classifier | None, Field(exclude=True)] = None

    @functools.cached_property
    def hash(self) -> str:
        """Hex SHA-256 of the content; comments and layout of the file do not change it."""
        learnt = self.classifier.digest if self.classifier else ""
        return hashlib.sha256(f"{self.model_dump_json()}{learnt}".encode()).hexdigest()

    @functools.cached_property
    def misheard_words(self) -> frozenset[str]:
        """The words that are found misheard, too."""
        cues: list[Cue] = [step for item in self.checklist for step in item.steps]
        for labels in (
            *(choice.labels for choice in (self.call_types, self.outcomes, self.sentiments)),
            self.objections,
            self.client_facts,
        ):
            cues += (signal for label in labels for signal in label.signals)
        phrases = [phrase for cue in (*cues, *self.agreements) for phrase in cue.phrases]
        phrases += (word for words in self.vocabulary.values() for word in words)
        return frozenset(
            key[1:]
            for phrase in phrases
            for term in parse_phrase(phrase)
            for key in term
            if key.startswith("~")
        )

    def language_for(self, spoken: str) -> str:
        """Return the language to speak to people of a conversation in, by the one it was held in."""
        return spoken if spoken in self.languages else self.languages[0]


def names_of(named: Iterable[Label | ChecklistItem]) -> set[str]:
    """Return the names of labels or checklist items."""
    return {each.name for each in named}
