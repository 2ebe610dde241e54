"""A server that speaks OpenAI's `/v1/audio/transcriptions`, with a real model, and misbehaves when it is told to."""

import asyncio
import contextlib
import io
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from faster_whisper import WhisperModel
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

KEY = "sk-of-the-test"


@dataclass(slots=True, kw_only=True)
class SpeechServerDouble:
    """A server with one model, `base`, that takes one key.

    It keeps what it was sent. `answers` are given instead of what is heard, one after another;
    `silent` makes it answer never. `granularities` are the times it knows of.
    """

    model: Path
    url: str = ""
    granularities: tuple[str, ...] = ("word", "segment")
    answers: list[Response] = field(default_factory=list)
    silent: bool = False
    came: asyncio.Event = field(default_factory=asyncio.Event)
    forms: list[dict[str, Any]] = field(default_factory=list)
    whisper: WhisperModel | None = None

    async def transcribe(self, request: Request) -> Response:
        async with request.form() as form:
            upload = form["file"]
            assert isinstance(upload, UploadFile)
            content = await upload.read()
            granularities = form.getlist("timestamp_granularities[]")
            sent = {name: value for name, value in form.items() if isinstance(value, str)}
        self.forms.append({**sent, "file": upload.filename, "content": content})
        self.came.set()
        if self.silent:
            await asyncio.sleep(3600)
        if self.answers:
            return self.answers.pop(0)
        if request.headers["authorization"] != f"Bearer {KEY}":
            return refusal(401, "invalid_api_key", f"the key {KEY} is not yours")
        if sent["model"] != "base":
            return refusal(404, "model_not_found", "no such model")
        assert sent["response_format"] == "verbose_json"
        known = [each for each in granularities if each in self.granularities]
        return JSONResponse(
            await asyncio.to_thread(self._hear, content, sent.get("language"), known)
        )

    def _hear(
        self, content: bytes, language: str | None, granularities: list[Any]
    ) -> dict[str, object]:
        if self.whisper is None:
            self.whisper = WhisperModel(str(self.model), device="cpu", compute_type="int8")
        heard, info = self.whisper.transcribe(
            io.BytesIO(content), language=language, temperature=[0.0], word_timestamps=True
        )
        segments = list(heard)
        answer: dict[str, object] = {
            "task": "transcribe",
            "language": info.language,
            "duration": info.duration,
            "text": "".join(segment.text for segment in segments).strip(),
        }
        if "segment" in granularities:
            answer["segments"] = [
                {"start": s.start, "end": s.end, "text": s.text, "avg_logprob": s.avg_logprob}
                for s in segments
            ]
        if "word" in granularities:  # as OpenAI's own: bare words
            answer["words"] = [
                {"start": word.start, "end": word.end, "word": word.word.strip(" .,!?")}
                for segment in segments
                for word in segment.words or ()
            ]
        return answer


def refusal(status: int, code: str, message: str, **headers: str) -> Response:
    """Return an error as OpenAI's servers put it; underscores of header names become dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return JSONResponse({"error": {"message": message, "code": code}}, status, named)


@contextlib.asynccontextmanager
async def speech_server(model: Path) -> AsyncIterator[SpeechServerDouble]:
    """Serve on a free port of loopback until the block ends."""
    double = SpeechServerDouble(model=model)
    app = Starlette(routes=[Route("/v1/audio/transcriptions", double.transcribe, methods=["POST"])])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        double.url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        config = uvicorn.Config(
            app, lifespan="off", log_config=None, timeout_graceful_shutdown=1, ws="none"
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield double
        finally:
            server.should_exit = True
            await serving
