"""The host that keeps recordings (facts on AmoCRM, 4). It is foreign to the CRM and has many manners."""

import asyncio
import gzip
import hashlib
import io
import random
import wave
from collections.abc import AsyncIterator
from typing import assert_never

from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from deploy.sandbox.answers import CutResponse, page
from deploy.sandbox.state import Sandbox
from deploy.sandbox.world import Call, Manner, Note, Recording

_RATE = 8000
_HUGE_BYTES = 1 << 30
_PIECE = 1 << 16
_PAGE = "<!DOCTYPE html><html><body>Запись ещё обрабатывается</body></html>"


def telephony_routes(sandbox: Sandbox) -> list[Route]:
    return [Route("/recordings/{note_id:int}", _Host(sandbox).recording)]


def link(sandbox: Sandbox, call: Call, note: Note) -> str:
    """Return the address of a call's recording as a note gives it, signed; empty while there is none."""
    if call.recording is None or note.note_id in sandbox.behaviour.withheld_links:
        return ""
    first, series = call.notes[0].note_id, sandbox.behaviour.link_series
    sign = _signature(first, series)
    return f"http://{sandbox.telephony}/recordings/{first}?series={series}&hash={sign}"


class _Host:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def recording(self, request: Request) -> Response:
        # Nobody's token belongs here, and this host would not know what to do with one.
        if "authorization" in request.headers:
            return Response("no credentials of other systems", 400)
        if {"if-none-match", "if-modified-since"} & set(request.headers):
            return Response(status_code=304)
        note_id: int = request.path_params["note_id"]
        call = self._sandbox.call_of(note_id)
        if call is None or call.recording is None:
            return page(404)
        series = self._sandbox.behaviour.link_series
        given = request.query_params
        if given.get("hash") != _signature(note_id, series) or given.get("series") != f"{series}":
            return page(403)
        self._sandbox.tries[note_id] += 1
        recording = call.recording
        done = recording.tries is not None and self._sandbox.tries[note_id] > recording.tries
        return self._answer(request, recording, Manner.PLAIN if done else recording.manner)

    def _answer(  # noqa: C901, PLR0912 - a row for each manner
        self, request: Request, recording: Recording, manner: Manner
    ) -> Response:
        match manner:
            case Manner.PLAIN:
                return _audio(_sound(recording))
            case Manner.HTML:
                return HTMLResponse(_PAGE)
            case Manner.NOT_FOUND:
                return page(404)
            case Manner.GONE:
                return page(410)
            case Manner.ACCEPTED:
                return Response(status_code=202)
            case Manner.EMPTY:
                return Response(status_code=204)
            case Manner.FORBIDDEN:
                return page(403)
            case Manner.BUSY:
                return page(429, {"retry-after": "1"})
            case Manner.UNAVAILABLE:
                return page(503)
            case Manner.REDIRECTED:
                return self._redirected(request, recording)
            case Manner.REDIRECT_LOOP:
                return RedirectResponse(request.url, 302)
            case Manner.REDIRECT_PRIVATE:
                return RedirectResponse("http://10.20.30.40/monitor/call.wav", 302)
            case Manner.TRUNCATED:
                sound = _sound(recording)
                return CutResponse(sound[: len(sound) // 2], len(sound), "audio/x-wav")
            case Manner.SLOW:
                pieces = _slowly(_sound(recording), self._sandbox.behaviour.slow_seconds)
                return StreamingResponse(pieces, media_type="audio/x-wav")
            case Manner.HUGE:
                return StreamingResponse(_huge(_sound(recording)), media_type="audio/x-wav")
            case Manner.GZIP:
                packed = gzip.compress(_sound(recording))
                return _audio(packed, {"content-encoding": "gzip"})
            case Manner.MISNAMED:
                return _audio(b"\r\n\r\n" + _sound(recording), {"content-encoding": "aws-chunked"})
            case _:
                assert_never(manner)

    def _redirected(self, request: Request, recording: Recording) -> Response:
        hop = int(request.query_params.get("hop", "0")) + 1
        if hop > 2:  # noqa: PLR2004
            return _audio(_sound(recording))
        return RedirectResponse(request.url.include_query_params(hop=hop), 302)


def _audio(sound: bytes, headers: dict[str, str] | None = None) -> Response:
    return Response(sound, media_type="audio/x-wav", headers=headers)


def _sound(recording: Recording) -> bytes:
    if recording.file:
        return recording.file.read_bytes()
    out = io.BytesIO()
    with wave.open(out, "wb") as wav:
        wav.setparams((1, 1, _RATE, 0, "NONE", ""))
        noise = random.Random(recording.seed)  # noqa: S311 - the same again and again
        wav.writeframes(noise.randbytes(int(recording.seconds * _RATE)))
    return out.getvalue()


async def _slowly(sound: bytes, seconds: float) -> AsyncIterator[bytes]:
    step = max(1, len(sound) // 20)
    for start in range(0, len(sound), step):
        await asyncio.sleep(seconds / 20)
        yield sound[start : start + step]


async def _huge(sound: bytes) -> AsyncIterator[bytes]:
    yield sound
    for _ in range(_HUGE_BYTES // _PIECE):
        yield bytes(_PIECE)


def _signature(note_id: int, series: int) -> str:
    return hashlib.sha256(f"the sandbox signs {note_id} of {series}".encode()).hexdigest()
