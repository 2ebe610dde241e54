"""What a server answers that speaks the protocol of OpenAI, `verbose_json`, as words."""

import math
from collections.abc import Iterator
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from services.transcription.domain import BadTranscript, Word

T = TypeVar("T")

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Listed = Annotated[list[T], BeforeValidator(lambda given: given or [])]
"""A list for which some servers write null where there is nothing."""


class HeardWord(BaseModel):
    """A word; some servers write the blank before it and its punctuation along, some leave both out."""

    word: str
    start: Seconds
    end: Seconds
    probability: float | None = Field(default=None, ge=0, le=1)


class HeardSegment(BaseModel):
    """A stretch of speech; `avg_logprob` is the mean of what its tokens have, base e."""

    text: str
    start: Seconds
    end: Seconds
    avg_logprob: float | None = None


class Heard(BaseModel):
    """An answer; a server that knows no times of words gives segments alone."""

    text: str = ""
    words: Listed[HeardWord] = []
    segments: Listed[HeardSegment] = []


def read_words(answer: str, start_seconds: float) -> list[Word]:
    """Return the words of an answer to sound that began at `start_seconds`; raises BadTranscript."""
    try:
        heard = Heard.model_validate_json(answer)
    except ValidationError as error:
        raise BadTranscript(
            f"the speech server did not answer with a transcript: {error.errors()[0]['msg']}"
        ) from None
    if heard.text.strip() and not heard.words and not heard.segments:
        raise BadTranscript("the speech server tells no times: use a model that knows verbose_json")
    words = _timed(heard, start_seconds) if heard.words else _spread(heard, start_seconds)
    return [word for word in words if word.text.strip()]


def _timed(heard: Heard, origin: float) -> Iterator[Word]:
    for text, word in zip(_texts(heard), heard.words, strict=True):
        probability = word.probability
        if probability is None:
            probability = next((_sure(s) for s in heard.segments if word.start <= s.end), 0.0)
        yield _word(text, origin + word.start, origin + word.end, probability)


def _texts(heard: Heard) -> list[str]:
    """Return the words as they join to a text, with the punctuation that the whole text has."""
    texts = [word.word for word in heard.words]
    if any(text.startswith(" ") for text in texts):
        return texts
    written = heard.text.split()
    return [f" {text}" for text in (written if len(written) == len(texts) else texts)]


def _spread(heard: Heard, origin: float) -> Iterator[Word]:
    """Yield the words of the segments, whose times are spread over each segment by their letters."""
    for segment in heard.segments:
        texts = segment.text.split()
        pace = (segment.end - segment.start) / max(1, sum(map(len, texts)))
        at = origin + segment.start
        for text in texts:
            yield _word(f" {text}", at, at + pace * len(text), _sure(segment))
            at += pace * len(text)


def _word(text: str, start: float, end: float, probability: float) -> Word:
    return Word(start=start, end=max(start, end), text=text, probability=probability)


def _sure(segment: HeardSegment) -> float:
    return 0.0 if segment.avg_logprob is None else math.exp(min(0.0, segment.avg_logprob))
