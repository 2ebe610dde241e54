"""Answers of servers that speak OpenAI's protocol, in its format `verbose_json`, read as words."""

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, TypeVar

from pydantic import AliasChoices, BaseModel, BeforeValidator, Field, ValidationError

from services.kernel.strangers import number, probability, read_json
from services.transcription.adapters.language_names import code_of
from services.transcription.domain import BadTranscript, EngineUnavailable, Word

T = TypeVar("T")

NEAR_SECONDS = 2.0
"""How far outside its sound a time may be and still count as its beginning or end."""
WINDOW_SECONDS = 30.0
"""Whisper fills its last window of so many seconds with silence, in which a segment may end."""
LONGEST_TEXT = 1_000_000
"""Characters of what is said in five minutes, and then some."""
LONGEST_WORD = 1_000
MOST_DETAIL = 200
"""Characters of a server's own words in an error."""
MOST_PARTS = 10_000
"""Words, or segments, of five minutes."""

Number = Annotated[float | None, BeforeValidator(number)]
Probability = Annotated[float | None, BeforeValidator(probability)]


def _text(found: Any) -> Any:
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    return "" if found is None else str(found) if is_number else found


def _listed(found: Any) -> Any:
    return [each for each in found if each is not None] if isinstance(found, list) else found or []


def _time(found: Any) -> float | None:
    """Return a time; None also for the -1 that stands for one that is not known."""
    time = number(found)
    return None if time == -1 else time


Time = Annotated[float | None, BeforeValidator(_time)]
Text = Annotated[str, BeforeValidator(_text)]
Listed = Annotated[list[T], BeforeValidator(_listed)]
"""A list; some servers write null where it is empty, or for what they could not make out."""


class JsonWord(BaseModel):
    """A word; some servers write it with the blank before it and its punctuation, some without both, some without times."""

    word: Text = Field(validation_alias=AliasChoices("word", "text"))
    start: Time = None
    end: Time = None
    probability: Probability = Field(
        None, validation_alias=AliasChoices("probability", "confidence", "score")
    )


class JsonSegment(BaseModel):
    """A stretch of speech; `avg_logprob` is the mean logarithm of its tokens' probabilities, base e."""

    text: Text
    start: Time = None
    end: Time = None
    avg_logprob: Number = None
    words: Listed[JsonWord] = Field(default=[])

    @property
    def sure(self) -> float:
        """How probable its words are in the mean, 0 where the server does not say."""
        return 0.0 if self.avg_logprob is None else math.exp(min(0.0, self.avg_logprob))


class VerboseJson(BaseModel):
    """An answer in full; a server that knows no times of words gives segments alone."""

    text: Text = ""
    language: Text = ""
    words: Listed[JsonWord] = Field(default=[])
    segments: Listed[JsonSegment] = Field(default=[])


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The words of an answer, and the language it says they are in, ISO 639-1; empty where it says none that is known."""

    words: tuple[Word, ...]
    language: str


class Timed(Protocol):
    """What an answer gives times for."""

    start: float | None
    end: float | None


def read_answer(answer: str, start_seconds: float, seconds: float) -> Answer:
    """Return what an answer says to `seconds` of sound, which began at `start_seconds`.

    Raises BadTranscript, and EngineUnavailable for an error that came as a success.

    Times that are missing are put between those that are there; those just outside the sound are
    held within it, and an answer with any other is refused.
    """
    try:
        found = read_json(answer)
        given = VerboseJson.model_validate(found)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"])) or "the answer"
        raise BadTranscript(
            f"the speech server did not answer with a transcript: {where}: {fault['msg']}"
        ) from None
    except ValueError as error:
        raise BadTranscript(
            f"the speech server did not answer with a transcript: {error}"
        ) from None
    if not given.model_fields_set - {"language"}:  # silence would have an empty text
        raise _no_transcript(found)
    given.words = given.words or [word for segment in given.segments for word in segment.words]
    _check_texts(given)
    said = bool(given.text.strip() or any(word.word.strip() for word in given.words))
    if _has_times(given.words):
        words = _timed(given, start_seconds, seconds)
    elif _has_times(given.segments) or not said:
        words = _spread(given, start_seconds, seconds)
    else:
        raise BadTranscript("the speech server tells no times: use a model that knows verbose_json")
    return Answer(
        words=tuple(word for word in words if word.text.strip()), language=code_of(given.language)
    )


def _no_transcript(found: Any) -> BadTranscript | EngineUnavailable:
    """Return what is wrong with an answer that says nothing of what was heard, which may be an error sent as a success."""
    error = found.get("error") if isinstance(found, dict) else None
    if not error:
        return BadTranscript("the speech server did not answer with a transcript: it has no text")
    said = error.get("message") if isinstance(error, dict) else error
    return EngineUnavailable(f"the speech server reports an error: {str(said)[:MOST_DETAIL]}")


def _check_texts(given: VerboseJson) -> None:
    parts = max(len(given.words), len(given.segments))
    if parts > MOST_PARTS:
        raise BadTranscript(
            f"the speech server gives {parts} words or segments, where {MOST_PARTS} are allowed"
        )
    for word in given.words:
        if len(word.word) > LONGEST_WORD:
            raise BadTranscript(
                f"the speech server gives a word of {len(word.word)} characters, "
                f"where {LONGEST_WORD} are allowed"
            )
    length = len(given.text) + sum(len(segment.text) for segment in given.segments)
    if length > LONGEST_TEXT:
        raise BadTranscript(
            f"the speech server gives {length} characters of text, where {LONGEST_TEXT} are allowed"
        )


def _has_times(given: Sequence[Timed]) -> bool:
    """Tell whether there are times to go by: several things that all begin and end at 0 have none."""
    return any(each.start is not None for each in given) and (
        len(given) == 1 or any(each.start or each.end for each in given)
    )


def _times(given: Sequence[Timed], seconds: float, slack: float) -> list[tuple[float, float]]:
    """Return where each begins and ends, within `seconds` of sound; its end may be `slack` beyond that.

    One without times goes from the end of the one before to the beginning of the next.
    """
    following: list[float | None] = []
    for each in reversed(given):
        coming = following[-1] if following else None
        following.append(coming if each.start is None else each.start)
    found: list[tuple[float, float]] = []
    at = 0.0
    for each, begins_after in zip(given, [*reversed(following), None][1:], strict=True):
        start = at if each.start is None else _held(each.start, seconds, NEAR_SECONDS)
        end = begins_after if each.start is None and each.end is None else each.end
        at = start if end is None else max(start, _held(end, seconds, slack))
        found.append((start, at))
    return found


def _held(time: float, seconds: float, slack: float) -> float:
    """Return a time held within the sound; raises BadTranscript where it is not near it."""
    if not -NEAR_SECONDS <= time <= seconds + max(slack, NEAR_SECONDS):
        raise BadTranscript(
            f"the speech server tells a time of {time:g} s in {seconds:.1f} s of sound: "
            "its times must be in seconds from the beginning of what it was sent"
        )
    return min(max(time, 0.0), seconds)


def _timed(given: VerboseJson, origin: float, seconds: float) -> Iterator[Word]:
    texts, times = _texts(given), _times(given.words, seconds, NEAR_SECONDS)
    segments = sorted((segment.end or 0.0, segment.sure) for segment in given.segments)
    for text, word, (start, end) in zip(texts, given.words, times, strict=True):
        sure = word.probability
        if sure is None:
            position = bisect_left(segments, (start, 0.0))
            sure = segments[position][1] if position < len(segments) else 0.0
        yield Word(start=origin + start, end=origin + end, text=text, probability=sure)


def _texts(given: VerboseJson) -> list[str]:
    """Return the words as they join to a text, with the punctuation that the whole text has."""
    texts = [word.word for word in given.words]
    if any(text.startswith(" ") for text in texts):
        return texts
    written = given.text.split()
    return [f" {text}" for text in (written if len(written) == len(texts) else texts)]


def _spread(given: VerboseJson, origin: float, seconds: float) -> Iterator[Word]:
    """Yield the words of the segments, whose times are spread over each segment by their letters."""
    times = _times(given.segments, seconds, WINDOW_SECONDS)
    for segment, (start, end) in zip(given.segments, times, strict=True):
        texts = segment.text.split()
        pace = (end - start) / max(1, sum(map(len, texts)))
        at = origin + start
        for text in texts:
            then = min(at + pace * len(text), origin + end)
            yield Word(start=at, end=then, text=f" {text}", probability=segment.sure)
            at = then
