"""A language model that says what a test wants, behind the protocol of OpenAI; and a real one, too small to be right."""

import asyncio
import contextlib
import json
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import uvicorn
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from services.llm.domain import A, Message, ModelAnswer, Usage
from services.status.domain import Cost
from tests.tree import ROOT
from tests.waiting import in_time

HANG = PlainTextResponse("")
"""The reply that never comes."""

Asked = Mapping[str, Any]
"""The body of a request."""


def says(
    content: str | Mapping[str, Any],
    *,
    finish: str = "stop",
    refusal: str | None = None,
    tokens: tuple[int, int] | None = (1000, 100),
) -> Response:
    """Return the reply with an answer; `tokens` are those of the prompt and of the answer."""
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    message = {"role": "assistant", "content": None if refusal else text, "refusal": refusal}
    completion: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "scripted-1",
        "choices": [{"index": 0, "finish_reason": finish, "message": message}],
    }
    if tokens:
        prompt, answered = tokens
        completion["usage"] = {
            "prompt_tokens": prompt,
            "completion_tokens": answered,
            "total_tokens": prompt + answered,
        }
    return JSONResponse(completion)


def fails(status: int, headers: Mapping[str, str] | None = None, **error: Any) -> Response:
    """Return the reply with an error."""
    body = {"message": "no", "type": None, "param": None, "code": None, **error}
    return JSONResponse({"error": body}, status_code=status, headers=dict(headers or {}))


@dataclass(slots=True)
class ScriptedModel:
    """Replies with what is in `script`, the last of it again and again; `asked` are the requests it understood.

    `refuses` looks at a request and names what it does not understand of it, if anything.
    """

    script: list[Response | Callable[[Asked], Response]]
    asked: list[Asked]
    refused: list[Asked]
    refuses: Callable[[Asked], str | None]

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Serve on a free port; yields what to set as the model's URL."""
        app = Starlette(routes=[Route("/v1/chat/completions", self._complete, methods=["POST"])])
        config = uvicorn.Config(
            app, log_level="critical", access_log=False, lifespan="off", timeout_graceful_shutdown=0
        )
        server = uvicorn.Server(config)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            try:
                yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
            finally:
                server.should_exit = True
                await serving

    async def _complete(self, request: Request) -> Response:
        asked: Asked = await request.json()
        if parameter := self.refuses(asked):
            self.refused.append(asked)
            return fails(400, param=parameter, message=f"{parameter} is not supported")
        self.asked.append(asked)
        reply = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if reply is HANG:
            await asyncio.Event().wait()
        return reply if isinstance(reply, Response) else reply(asked)


def a_model(
    *script: Response | Callable[[Asked], Response],
    refuses: Callable[[Asked], str | None] = lambda _: None,
) -> ScriptedModel:
    """Return a model with its script."""
    return ScriptedModel(script=list(script), asked=[], refused=[], refuses=refuses)


class ToldModel:
    """A LanguageModel in memory: answers with what is in `script`, or raises it. A request costs `costs`, 1 at most."""

    name = "told"

    def __init__(self, *script: Mapping[str, Any] | Exception, costs: float = 0.5) -> None:
        self.script = list(script)
        self.asked: list[tuple[Sequence[Message], type[BaseModel], float | None]] = []
        self.usage = Usage(
            requests=1,
            prompt_tokens=100,
            completion_tokens=10,
            cost=Cost(amount=costs, currency="USD"),
        )

    def price(self, prompt_characters: int) -> Cost | None:
        return Cost(amount=1.0 + prompt_characters * 1e-9, currency="USD")

    async def ask(
        self, messages: Sequence[Message], shape: type[A], *, at_most: float | None = None
    ) -> ModelAnswer[A]:
        self.asked.append((messages, shape, at_most))
        told = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(told, Exception):
            raise told
        return ModelAnswer(value=shape.model_validate(told), model=self.name, usage=self.usage)


@contextlib.asynccontextmanager
async def smollm() -> AsyncIterator[str]:
    """Start a real model in a process of its own; yields what to set as the model's URL."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.smollm"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdin
    assert process.stdout
    try:
        async with in_time("the model says where it listens"):
            line = await process.stdout.readline()
        yield f"{line.decode().strip()}/v1"
    finally:
        process.stdin.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), 10)
        if process.returncode is None:
            process.kill()
            await process.wait()


class HangingModel(ToldModel):
    """A language model that never answers."""

    async def ask(
        self, messages: Sequence[Message], shape: type[A], *, at_most: float | None = None
    ) -> ModelAnswer[A]:
        self.asked.append((messages, shape, at_most))
        await asyncio.Event().wait()
        raise AssertionError
