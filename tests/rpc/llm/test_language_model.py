"""The language model over its protocol: what is asked, and what each kind of reply means."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, PlainTextResponse, Response

from services.llm.domain import (
    AnswerTruncated,
    BadAnswer,
    CostLimitReached,
    Message,
    MessageRole,
    ModelRefused,
    ModelUnavailable,
    NoAnswer,
    Usage,
)
from services.llm.openai_model import OpenAIModel, open_model
from services.llm.settings import ModelSettings
from services.status.domain import Cost
from tests.fakes.language_model import HANG, Asked, ScriptedModel, a_model, fails, says

MESSAGES = (
    Message(role=MessageRole.SYSTEM, text="You choose cakes."),
    Message(role=MessageRole.USER, text="Which one?"),
)
GOOD = {"cake": "sponge", "slices": 3}


class Order(BaseModel):
    """What the tests ask for."""

    cake: str = Field(max_length=10)
    slices: int = Field(ge=1)


@contextlib.asynccontextmanager
async def opened(model: ScriptedModel, **settings: Any) -> AsyncIterator[OpenAIModel]:
    settings = {"prompt_price": 1.0, "completion_price": 2.0, "max_tokens": 500} | settings
    async with (
        model.serving() as url,
        open_model(
            ModelSettings(url=url, name="scripted", api_key="sk-secret", **settings), "POTOK_X_"
        ) as client,
    ):
        yield client


async def ask(model: ScriptedModel, *, at_most: float | None = None, **settings: Any) -> Any:
    async with opened(model, **settings) as client:
        return await client.ask(MESSAGES, Order, at_most=at_most)


async def failure(model: ScriptedModel, **settings: Any) -> Any:
    with pytest.raises((NoAnswer, ModelUnavailable, CostLimitReached)) as raised:
        await ask(model, **settings)
    return raised.value


async def test_an_answer_comes_in_its_shape_with_what_it_took() -> None:
    model = a_model(says(GOOD))

    answer = await ask(model)

    assert answer.value == Order(cake="sponge", slices=3)
    assert answer.model == "scripted-1"
    assert answer.usage == Usage(
        requests=1,
        prompt_tokens=1000,
        completion_tokens=100,
        cost=Cost(amount=0.0012, currency="USD"),
    )
    [asked] = model.asked
    assert asked["messages"] == [
        {"role": "system", "content": "You choose cakes."},
        {"role": "user", "content": "Which one?"},
    ]
    assert (asked["model"], asked["temperature"], asked["max_tokens"]) == ("scripted", 0, 500)
    assert "tools" not in asked
    schema = asked["response_format"]["json_schema"]
    assert schema["strict"] is True
    assert schema["schema"]["required"] == ["cake", "slices"]
    assert schema["schema"]["additionalProperties"] is False


async def test_without_prices_nothing_costs_and_no_limit_holds() -> None:
    prices = {"prompt_price": None, "completion_price": None}

    answer = await ask(a_model(says(GOOD)), at_most=0.0, **prices)

    assert answer.usage.cost is None


@pytest.mark.parametrize(
    "text",
    [
        '```json\n{"cake": "sponge", "slices": 3}\n```',
        '<think>three, or {four}?</think>\n{"cake": "sponge", "slices": 3}',
        'Here it is: {"cake": "sponge", "slices": 3,}',
        '{"cake": "sponge", "slices": 3',
        '\ufeff{"cake": "sponge", "slices": 3}',
        '{"cake": "spo\\u0000nge", "slices": 3}',
        'three, or four?</think>{"cake": "sponge", "slices": 3}',
        '<reasoning>three {}</reasoning>{"cake": "sponge", "slices": "3"}',
    ],
)
async def test_what_a_model_puts_around_its_answer_is_taken_away(text: str) -> None:
    model = a_model(says(text))

    assert (await ask(model)).value == Order(cake="sponge", slices=3)
    assert len(model.asked) == 1


async def test_an_answer_of_another_shape_is_sent_back_with_its_faults() -> None:
    model = a_model(says({"cake": "sponge", "slices": 0}), says("cake?"), says(GOOD))

    answer = await ask(model)

    assert answer.value == Order(cake="sponge", slices=3)
    assert (answer.usage.requests, answer.usage.prompt_tokens) == (3, 3000)
    first, second = (asked["messages"] for asked in model.asked[1:])
    assert first[2] == {"role": "assistant", "content": '{"cake": "sponge", "slices": 0}'}
    assert "- slices: Input should be greater than or equal to 1" in first[3]["content"]
    assert [message["role"] for message in second] == ["system", *["user", "assistant"] * 2, "user"]


@pytest.mark.parametrize("text", ["[" * 9000, "{" * 9000, '{"cake":' * 3000])
async def test_an_answer_that_goes_ever_deeper_is_sent_back_too(text: str) -> None:
    model = a_model(says(text), says(GOOD))

    assert (await ask(model)).value == Order(cake="sponge", slices=3)
    assert "nested too deeply" in model.asked[1]["messages"][-1]["content"]


async def test_a_model_that_never_has_the_shape_is_given_up_on_after_three_requests() -> None:
    model = a_model(says({"cake": "sponge"}))

    error = await failure(model)

    assert isinstance(error, BadAnswer)
    assert "slices: Field required" in str(error)
    assert error.usage.requests == len(model.asked) == 3


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (says("", refusal="I will not"), ModelRefused, "refused: I will not"),
        (says("", finish="content_filter"), ModelRefused, "its content filter"),
        (fails(400, code="content_filter"), ModelRefused, "its content filter"),
        (
            says(GOOD, finish="length"),
            AnswerTruncated,
            "longer than 500 tokens: raise POTOK_X_MAX_TOKENS",
        ),
        (
            fails(400, code="context_length_exceeded"),
            AnswerTruncated,
            "too long for model scripted",
        ),
        (
            fails(400, type="exceed_context_size_error"),
            AnswerTruncated,
            "too long for model scripted",
        ),
    ],
)
async def test_a_refusal_and_an_answer_that_was_cut_are_not_asked_for_again(
    reply: Any, kind: type[NoAnswer], words: str
) -> None:
    model = a_model(reply)

    error = await failure(model)

    assert type(error) is kind
    assert words in str(error)
    assert len(model.asked) == 1


@pytest.mark.parametrize(
    ("reply", "words", "pause"),
    [
        (fails(401), "does not take the key: set POTOK_X_API_KEY", None),
        (fails(403), "may not use it: check POTOK_X_API_KEY", None),
        (fails(404), "it is not there: check POTOK_X_NAME and POTOK_X_URL", None),
        (fails(429, code="insufficient_quota"), "has no credit left", None),
        (fails(429, {"retry-after": "7"}), "limits the rate", 7),
        (fails(429, {"retry-after": "999999"}), "limits the rate", 3600),
        (fails(429, {"retry-after": "soon"}), "limits the rate", None),
        (fails(500), "HTTP 500", None),
        (fails(503, {"retry-after": "3"}), "HTTP 503", 3),
        (PlainTextResponse("<html>"), "does not speak the protocol: check POTOK_X_URL", None),
        (Response("{", media_type="application/json"), "does not speak the protocol", None),
        (JSONResponse({"choices": []}), "does not speak the protocol", None),
        (JSONResponse({"choices": [{}]}), "does not speak the protocol", None),
        (JSONResponse("sponge"), "does not speak the protocol", None),
    ],
)
async def test_an_endpoint_that_does_not_answer_says_what_to_do(
    reply: Any, words: str, pause: int | None
) -> None:
    error = await failure(a_model(reply))

    assert isinstance(error, ModelUnavailable)
    assert words in str(error)
    assert error.retry_after == (None if pause is None else timedelta(seconds=pause))
    assert error.usage.cost is None


async def test_an_answer_that_never_comes_counts_with_the_most_it_may_have_cost() -> None:
    error = await failure(a_model(HANG), timeout=timedelta(milliseconds=200))

    assert isinstance(error, ModelUnavailable)
    assert "did not answer within" in str(error)
    assert error.usage.requests == 1
    assert error.usage.cost
    assert error.usage.cost.amount > 500 * 2.0 / 1_000_000


async def test_tokens_that_the_endpoint_does_not_count_are_overestimated() -> None:
    answer = await ask(a_model(says(GOOD, tokens=None)))

    assert answer.usage.prompt_tokens > len("You choose cakes.Which one?")
    assert answer.usage.completion_tokens == len('{"cake": "sponge", "slices": 3}')


ANSWER = '{"cake": "sponge", "slices": 3}'


def replies(
    content: Any = ANSWER, *, usage: Any = None, finish: str = "stop", **reply: Any
) -> Response:
    message = {"role": "assistant", "content": content}
    choice = {"index": 0, "finish_reason": finish, "message": message}
    return JSONResponse({"choices": [choice], "usage": usage, **reply})


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "text", "text": ANSWER}],
        [{"type": "thinking", "thinking": "{"}, {"type": "output_text", "text": ANSWER}],
        [{"type": "text", "text": ANSWER[:10]}, {"type": "text", "text": ANSWER[10:]}],
        [{"type": "text", "text": {"value": ANSWER, "annotations": []}}],
        [ANSWER],
        {"type": "text", "text": ANSWER},
        GOOD,
    ],
    ids=range(7),
)
async def test_an_answer_in_parts_is_an_answer(content: Any) -> None:
    model = a_model(replies(content))

    assert (await ask(model)).value == Order(cake="sponge", slices=3)
    assert len(model.asked) == 1


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"prompt_tokens": 10.5, "completion_tokens": 5}, (11, 5)),
        ({"prompt_tokens": "10", "completion_tokens": "5"}, (10, 5)),
        ({"input_tokens": 10, "output_tokens": 5}, (10, 5)),
        ({"prompt_tokens": 10}, (10, len(ANSWER))),
        ({"prompt_tokens": None, "completion_tokens": 5}, (None, 5)),
        ({"prompt_tokens": -5, "completion_tokens": 5}, (None, 5)),
        ({"prompt_tokens": [1], "completion_tokens": {}}, (None, len(ANSWER))),
        ([], (None, len(ANSWER))),
        ("none", (None, len(ANSWER))),
        (None, (None, len(ANSWER))),
    ],
    ids=range(10),
)
async def test_odd_counts_of_tokens_throw_no_answer_away(
    usage: Any, tokens: tuple[int | None, int]
) -> None:
    answer = await ask(a_model(replies(usage=usage, model=None)))

    prompt, answered = tokens
    assert answer.value == Order(cake="sponge", slices=3)
    assert answer.model == "scripted"
    assert answer.usage.completion_tokens == answered
    if prompt is None:
        assert answer.usage.prompt_tokens > 28  # overestimated
    else:
        assert answer.usage.prompt_tokens == prompt


def errs(error: Any, headers: dict[str, str] | None = None, **reply: Any) -> Response:
    return JSONResponse({"error": error, **reply}, headers=headers)


@pytest.mark.parametrize(
    ("reply", "words", "pause"),
    [
        (errs({"code": 429, "message": "slow"}, {"retry-after": "7"}), "limits the rate", 7),
        (errs({"code": "429", "metadata": {"retry_after": 9}}), "limits the rate", 9),
        (errs({"code": 429, "details": [{"retryDelay": "17s"}]}), "limits the rate", 17),
        (errs({"code": "rate_limit_exceeded"}), "limits the rate", None),
        (errs({"type": "rate_limit_error"}), "limits the rate", None),
        (errs({"code": 429, "type": "insufficient_quota"}), "no credit left", None),
        (errs({"code": 402, "message": "pay"}), "no credit left", None),
        (errs({"code": 502, "message": "upstream"}), "does not answer: .*upstream", None),
        (errs({"type": "overloaded_error", "message": "busy"}), "does not answer: .*busy", None),
        (errs("model is loading"), "does not answer: .*model is loading", None),
        (errs({"code": 401}), "set POTOK_X_API_KEY", None),
        (errs({"code": "model_not_found"}), "check POTOK_X_NAME", None),
        (errs({"code": 400, "message": "bad \x00 thing"}), "refuses the request: bad  thing", None),
        (errs({"code": 429}, choices=[]), "limits the rate", None),
        (errs({"code": 429}, choices=[{"message": {"content": None}}]), "limits the rate", None),
        (JSONResponse([{"error": {"code": 503, "status": "UNAVAILABLE"}}]), "not answer", None),
        (JSONResponse({"object": "error", "message": "busy", "code": 503}), "busy", None),
        (JSONResponse({"detail": "busy"}), "does not answer: .*busy", None),
        (JSONResponse({"choices": [{"error": {"code": 429}}]}), "limits the rate", None),
    ],
    ids=range(19),
)
async def test_an_error_that_comes_as_a_success_is_that_error(
    reply: Response, words: str, pause: int | None
) -> None:
    error = await failure(a_model(reply))

    assert isinstance(error, ModelUnavailable)
    assert re.search(words, str(error))
    assert error.retry_after == (None if pause is None else timedelta(seconds=pause))
    assert error.usage.cost is None


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (errs({"code": "content_filter"}), ModelRefused),
        (replies(None, finish="SAFETY"), ModelRefused),
        (replies([{"type": "refusal", "refusal": "no"}]), ModelRefused),
        (replies(finish="MAX_TOKENS"), AnswerTruncated),
        (errs({"code": 400, "message": "the maximum context length is 5"}), AnswerTruncated),
    ],
    ids=range(5),
)
async def test_a_refusal_or_a_cut_is_known_by_any_of_its_names(
    reply: Response, kind: type[NoAnswer]
) -> None:
    assert type(await failure(a_model(reply))) is kind


async def test_an_error_beside_an_answer_does_not_throw_it_away() -> None:
    assert (await ask(a_model(replies(error={"message": "a warning"})))).value.slices == 3


async def test_what_an_endpoint_counted_without_an_answer_was_spent() -> None:
    usage = {"prompt_tokens": 1_000_000, "completion_tokens": 0}

    error = await failure(a_model(JSONResponse({"choices": [], "usage": usage})))

    assert error.usage.cost == Cost(amount=1.0, currency="USD")


async def test_an_endpoint_that_tells_by_a_success_what_it_does_not_know_is_asked_for_less() -> (
    None
):
    def reply(asked: Asked) -> Response:
        if "temperature" in asked:
            return errs({"code": 400, "param": "temperature", "message": "unsupported"})
        return says(GOOD)

    assert (await ask(a_model(reply))).value.slices == 3


async def test_an_endpoint_that_breaks_off_may_have_cost_something() -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    settings = ModelSettings(
        url=f"http://127.0.0.1:{port}/v1", name="scripted", prompt_price=1, completion_price=2
    )
    async with server, open_model(settings, "POTOK_X_") as client:
        with pytest.raises(ModelUnavailable, match="broke off") as raised:
            await client.ask(MESSAGES, Order)

    assert raised.value.usage.cost


async def test_nobody_at_the_address_names_the_setting() -> None:
    settings = ModelSettings(url="http://127.0.0.1:1/v1", name="scripted")
    async with open_model(settings, "POTOK_X_") as client:
        with pytest.raises(ModelUnavailable, match="cannot be reached: check POTOK_X_URL"):
            await client.ask(MESSAGES, Order)


async def test_a_request_that_might_cost_too_much_is_not_sent() -> None:
    model = a_model(says(GOOD))

    async with opened(model) as client:
        enough = client.price(2000)
        assert enough
        with pytest.raises(CostLimitReached, match="are left"):
            await client.ask(MESSAGES, Order, at_most=0.001)
        assert model.asked == []
        await client.ask(MESSAGES, Order, at_most=enough.amount)

    assert len(model.asked) == 1


async def test_the_limit_holds_for_each_re_ask_and_tells_what_was_spent() -> None:
    model = a_model(says("nonsense", tokens=(1000, 500)))

    error = await failure(model, at_most=0.0025)

    assert isinstance(error, CostLimitReached)
    assert len(model.asked) == 1
    assert error.usage.cost == Cost(amount=0.002, currency="USD")


def _refuses(*kinds: str) -> Any:
    def refuses(asked: Asked) -> str | None:
        form = asked.get("response_format", {})
        limited = "maxLength" in str(form)
        if form.get("type") in kinds or (limited and "limits" in kinds):
            return "response_format"
        return next(
            (name for name in ("max_tokens", "temperature") if name in asked and name in kinds),
            None,
        )

    return refuses


@pytest.mark.parametrize(
    ("kinds", "left"),
    [
        (["limits"], "json_schema"),
        (["json_schema"], "json_object"),
        (["json_schema", "json_object"], None),
    ],
)
async def test_an_endpoint_that_knows_less_is_asked_for_less_and_is_not_tried_again(
    kinds: Sequence[str], left: str | None
) -> None:
    model = a_model(says(GOOD), refuses=_refuses(*kinds))

    async with opened(model) as client:
        await client.ask(MESSAGES, Order)
        first = len(model.refused)
        await client.ask(MESSAGES, Order)

    assert first == len(model.refused) > 0
    for asked in model.asked:
        assert asked.get("response_format", {}).get("type") == left
        told = "JSON schema" in asked["messages"][0]["content"]
        assert told is (left != "json_schema")
        assert [message["role"] for message in asked["messages"]] == ["system", "user"]


async def test_an_endpoint_of_newer_models_gets_the_names_it_knows() -> None:
    model = a_model(says(GOOD), refuses=_refuses("max_tokens", "temperature"))

    await ask(model)

    [asked] = model.asked
    assert asked["max_completion_tokens"] == 500
    assert "temperature" not in asked
    assert asked["response_format"]["type"] == "json_schema"


async def test_an_endpoint_that_refuses_everything_is_asked_a_few_times_and_told_of() -> None:
    model = a_model(says(GOOD), refuses=lambda _: "model")

    error = await failure(model)

    assert "its endpoint refuses the request" in str(error)
    assert "model is not supported" in str(error)
    assert len(model.refused) == 4


async def test_two_askers_at_a_time_do_not_disturb_each_other() -> None:
    model = a_model(says(GOOD), refuses=_refuses("json_schema"))

    async with opened(model) as client:
        answers = await asyncio.gather(*(client.ask(MESSAGES, Order) for _ in range(3)))

    assert [answer.value.slices for answer in answers] == [3, 3, 3]
    assert {answer.usage.requests for answer in answers} == {1}
