"""A language model behind an endpoint that speaks the protocol of OpenAI."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

import httpx2
import openai
import structlog
from pydantic import BaseModel

from services.llm.answers import Misshapen, read_answer
from services.llm.completion import Completion, Counted, NoCompletion, read_completion
from services.llm.dialect import Dialect, Format
from services.llm.domain import (
    MOST_REQUESTS,
    NOTHING_USED,
    A,
    AnswerTruncated,
    BadAnswer,
    CostLimitReached,
    Message,
    MessageRole,
    ModelAnswer,
    ModelRefused,
    ModelUnavailable,
    Usage,
    prompt_characters,
)
from services.llm.openai_errors import MAX_DETAIL, Refused, failure_of, refusal_in, refusal_of
from services.llm.settings import ModelSettings
from services.status.domain import Cost

log = structlog.get_logger()

TOKENS_PER_CHARACTER = 1.0
"""More than any usual model makes of a text: of Russian about 0.5, of English 0.25."""

_NOT_UNDERSTOOD = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    text: str
    model: str
    usage: Usage


@contextlib.asynccontextmanager
async def open_model(settings: ModelSettings, variables: str) -> AsyncIterator["OpenAIModel"]:
    """Connect to a model; `variables` is what its settings begin with, such as `POTOK_ANALYSIS_MODEL_`."""
    async with openai.AsyncOpenAI(
        base_url=settings.url,
        api_key=settings.api_key.get_secret_value() or "none",
        max_retries=0,
        timeout=settings.timeout.total_seconds(),
    ) as client:
        yield OpenAIModel(client, settings, variables)


class OpenAIModel:
    """Implements LanguageModel. What the endpoint did not understand is not tried a second time."""

    def __init__(self, client: openai.AsyncOpenAI, settings: ModelSettings, variables: str) -> None:
        self._client = client
        self._settings = settings
        self._variables = variables
        self._prices = settings.prices
        self._dialect = Dialect()

    @property
    def name(self) -> str:
        return self._settings.name

    def price(self, prompt_characters: int) -> Cost | None:
        if self._prices is None:
            return None
        tokens = round(TOKENS_PER_CHARACTER * prompt_characters)
        return self._prices.of(tokens, self._settings.max_tokens)

    async def ask(
        self, messages: Sequence[Message], shape: type[A], *, at_most: float | None = None
    ) -> ModelAnswer[A]:
        conversation, usage = list(messages), NOTHING_USED
        for _ in range(MOST_REQUESTS):
            reply = await self._request(conversation, shape, at_most, usage)
            usage = reply.usage
            try:
                # Mending an answer that goes round in circles takes seconds.
                value = await asyncio.to_thread(read_answer, reply.text, shape)
            except Misshapen as error:
                faults = str(error)
                conversation += _about(reply.text, faults)
                continue
            log.info(
                "model_answered",
                shape=shape.__name__,
                requests=usage.requests,
                prompt_tokens=usage.prompt_tokens,
                completion_tokens=usage.completion_tokens,
            )
            return ModelAnswer(value=value, model=reply.model, usage=usage)
        raise BadAnswer(
            f"model {self.name} did not answer as it was asked to in {MOST_REQUESTS} tries, at last: "
            f"{faults[:MAX_DETAIL]}",
            usage,
        )

    async def _request(
        self,
        messages: Sequence[Message],
        shape: type[BaseModel],
        at_most: float | None,
        used: Usage,
    ) -> _Reply:
        """Send one request; what it took is added to what was used before it."""
        characters = prompt_characters(messages, shape)
        most = self.price(characters)
        self._check_cost(most, at_most, used)
        unanswered = used + Usage(requests=1, prompt_tokens=0, completion_tokens=0, cost=most)
        try:
            async with asyncio.timeout(self._settings.timeout.total_seconds()):
                completion = await self._complete(messages, shape)
        except NoCompletion as error:
            raise ModelUnavailable(
                f"what answers for model {self.name} does not speak the protocol: "
                f"check {self._variables}URL",
                usage=used + self._told(error.counted),
            ) from error
        except Refused as error:
            spent = used + self._told(error.refusal.counted)
            raise failure_of(error.refusal, self.name, self._variables, spent) from error
        except (TimeoutError, openai.APITimeoutError) as error:
            seconds = self._settings.timeout.total_seconds()
            raise ModelUnavailable(
                f"model {self.name} did not answer within {seconds:.0f} s", usage=unanswered
            ) from error
        except openai.APIConnectionError as error:
            if not isinstance(error.__cause__, httpx2.ConnectError):
                raise ModelUnavailable(f"model {self.name} broke off", usage=unanswered) from error
            raise ModelUnavailable(
                f"model {self.name} cannot be reached: check {self._variables}URL", usage=used
            ) from error
        return self._reply(completion, characters, used)

    async def _complete(self, messages: Sequence[Message], shape: type[BaseModel]) -> Completion:
        """Ask as the endpoint is known to understand, and with less where it refuses that."""
        tool = openai.pydantic_function_tool(shape)["function"]
        schema = tool["parameters"]
        dialect: Dialect | None = self._dialect
        refused: Refused | None = None
        while dialect is not None:
            told = _with_schema(messages, schema, dialect.format)
            request: dict[str, Any] = {
                "model": self.name,
                "messages": [{"role": each.role.value, "content": each.text} for each in told],
                **dialect.arguments(tool["name"], schema, self._settings.max_tokens),
            }
            try:
                completion = await self._send(request)
            except Refused as error:
                if error.refusal.status not in _NOT_UNDERSTOOD:
                    raise
                if error.refusal.filtered or error.refusal.too_long:
                    raise
                refused = refused or error
                dialect = dialect.without(error.refusal.param)
            else:
                if dialect != self._dialect:
                    log.warning("model_understands_less", refusal=str(refused)[:MAX_DETAIL])
                self._dialect = dialect
                return completion
        assert refused is not None
        raise refused

    async def _send(self, request: dict[str, Any]) -> Completion:
        """Send one request; raises Refused, also where that comes with a status of success."""
        try:
            reply = await self._client.chat.completions.with_raw_response.create(**request)
        except openai.APIStatusError as error:
            raise Refused(refusal_of(error)) from error
        # An answer of many megabytes takes a while.
        completion = await asyncio.to_thread(read_completion, reply.content)
        if completion.error is not None:
            raise Refused(refusal_in(completion.error, reply.headers, completion.counted))
        return completion

    def _check_cost(self, most: Cost | None, at_most: float | None, used: Usage) -> None:
        if most is None or at_most is None:
            return
        spent = used.cost.amount if used.cost else 0.0
        if spent + most.amount > at_most:
            raise CostLimitReached(
                f"it may cost {most.amount:.4f} {most.currency}, where {at_most - spent:.4f} are left",
                used,
            )

    def _reply(self, completion: Completion, characters: int, used: Usage) -> _Reply:
        usage = used + self._used(completion, characters)
        if completion.refusal:
            detail = completion.refusal[:MAX_DETAIL]
            raise ModelRefused(f"model {self.name} refused: {detail}", usage)
        if completion.cut:
            raise AnswerTruncated(
                f"the answer of model {self.name} is longer than {self._settings.max_tokens} tokens: "
                f"raise {self._variables}MAX_TOKENS",
                usage,
            )
        return _Reply(text=completion.text, model=completion.model or self.name, usage=usage)

    def _used(self, completion: Completion, characters: int) -> Usage:
        """Return what an answer took; what the endpoint does not count is overestimated."""
        counted = completion.counted
        prompt, answered = counted.prompt_tokens, counted.completion_tokens
        if prompt is None:
            prompt = round(TOKENS_PER_CHARACTER * characters)
        if answered is None:
            answered = len(completion.text)
        return self._usage(prompt, answered)

    def _told(self, counted: Counted) -> Usage:
        """Return what a request took that has no answer: nothing but what the endpoint says."""
        prompt, answered = counted.prompt_tokens, counted.completion_tokens
        if prompt is None and answered is None:
            return NOTHING_USED
        return self._usage(prompt or 0, answered or 0)

    def _usage(self, prompt: int, answered: int) -> Usage:
        return Usage(
            requests=1,
            prompt_tokens=prompt,
            completion_tokens=answered,
            cost=self._prices.of(prompt, answered) if self._prices else None,
        )


def _about(answer: str, faults: str) -> list[Message]:
    """Return an answer and what is wrong with it, for the model to mend."""
    return [
        Message(role=MessageRole.ASSISTANT, text=answer),
        Message(
            role=MessageRole.USER,
            text=f"Your answer is not usable:\n{faults}\nAnswer again with the whole JSON object.",
        ),
    ]


def _with_schema(
    messages: Sequence[Message], schema: dict[str, Any], form: Format
) -> Sequence[Message]:
    """Tell the model the shape in words where its endpoint does not hold it to it."""
    if form in (Format.LIMITED_SCHEMA, Format.SCHEMA):
        return messages
    told = "Answer with one JSON object of this JSON schema and nothing else:"
    first = messages[0]
    text = f"{first.text}\n\n{told}\n{json.dumps(schema, ensure_ascii=False)}"
    return [replace(first, text=text), *messages[1:]]
