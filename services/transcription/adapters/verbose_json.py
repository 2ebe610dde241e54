"""Answers of servers that speak OpenAI's protocol, in its format `verbose_json`, read as words."""

import math
from collections.abc import Iterator
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from services.transcription.domain import BadTranscript, Word

T = TypeVar("T")

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Listed = Annotated[list[T], BeforeValidator(lambda found: found or [])]
"""A list; some servers write null where it is empty."""


class JsonWord(BaseModel):
    """A word; some servers write it with the blank before it and its punctuation, some without both."""

    word: str
    start: Seconds
    end: Seconds
    probability: float | None = Field(default=None, ge=0, le=1)


class JsonSegment(BaseModel):
    """A stretch of speech; `avg_logprob` is the mean logarithm of its tokens' probabilities, base e."""

    text: str
    start: Seconds
    end: Seconds
    avg_logprob: float | None = None


class VerboseJson(BaseModel):
    """An answer in full; a server that knows no times of words gives segments alone."""

    text: str = ""
    words: Listed[JsonWord] = []
    segments: Listed[JsonSegment] = []


def read_words(answer: str, start_seconds: float) -> list[Word]:
    """Return the words of an answer to sound that began at `start_seconds`; raises BadTranscript."""
    try:
        given = VerboseJson.model_validate_json(answer)
    except ValidationError as error:
        raise BadTranscript(
            f"the speech server did not answer with a transcript: {error.errors()[0]['msg']}"
        ) from None
    if given.text.strip() and not given.words and not given.segments:
        raise BadTranscript("the speech server tells no times: use a model that knows verbose_json")
    words = _timed(given, start_seconds) if given.words else _spread(given, start_seconds)
    return [word for word in words if word.text.strip()]


def _timed(given: VerboseJson, origin: float) -> Iterator[Word]:
    for text, word in zip(_texts(given), given.words, strict=True):
        probability = word.probability
        if probability is None:
            probability = next((_sure(s) for s in given.segments if word.start <= s.end), 0.0)
        yield _word(text, origin + word.start, origin + word.end, probability)


def _texts(given: VerboseJson) -> list[str]:
    """Return the words as they join to a text, with the punctuation that the whole text has."""
    texts = [word.word for word in given.words]
    if any(text.startswith(" ") for text in texts):
        return texts
    written = given.text.split()
    return [f" {text}" for text in (written if len(written) == len(texts) else texts)]


def _spread(given: VerboseJson, origin: float) -> Iterator[Word]:
    """Yield the words of the segments, whose times are spread over each segment by their letters."""
    for segment in given.segments:
        texts = segment.text.split()
        pace = (segment.end - segment.start) / max(1, sum(map(len, texts)))
        at = origin + segment.start
        for text in texts:
            yield _word(f" {text}", at, at + pace * len(text), _sure(segment))
            at += pace * len(text)


def _word(text: str, start: float, end: float, probability: float) -> Word:
    return Word(start=start, end=max(start, end), text=text, probability=probability)


def _sure(segment: JsonSegment) -> float:
    return 0.0 if segment.avg_logprob is None else math.exp(min(0.0, segment.avg_logprob))
