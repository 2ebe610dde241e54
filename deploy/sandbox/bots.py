"""The endpoints of the service that runs bots, of the plain one and of Attendee: they have the same paths."""

import asyncio
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from deploy.sandbox.behaviour import Shape
from deploy.sandbox.bot_service import Bot
from deploy.sandbox.meeting import RECORDING, SPEAKERS, TURN_SECONDS
from deploy.sandbox.state import Sandbox

_START_MS = 1_700_000_000_000
_TURNS = 4


def bot_routes(sandbox: Sandbox) -> list[Route]:
    service = _Service(sandbox)
    one = "/api/v1/bots/{bot_id}"
    return [
        Route("/api/v1/bots", service.start, methods=["POST"]),
        Route("/api/v1/bots", service.listed),
        Route(one, service.get),
        Route(f"{one}/leave", service.leave, methods=["POST"]),
        Route(f"{one}/recording", service.recording),
        Route(f"{one}/transcript", service.transcript),
        Route("/media/{bot_id}.wav", service.media),
    ]


class _Service:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def start(self, request: Request) -> Response:
        behaviour = self._sandbox.behaviour
        content = await request.body()
        await asyncio.sleep(behaviour.bots_start_seconds)
        if refusal := self._turned_away():
            return refusal
        if behaviour.bots_refuse:
            return JSONResponse({"error": behaviour.bots_refuse}, 400)
        try:
            given = json.loads(content)
        except ValueError:
            return JSONResponse({"error": "the body is no JSON"}, 400)
        metadata = given.get("metadata") or {}
        key = given.get("deduplication_key") or ""
        if key and any(bot.key == key and not bot.ended for bot in self._bots()):
            return JSONResponse({"error": f"Deduplication key already in use: {key}"}, 400)
        bot = self._sandbox.bot_service.start(
            behaviour,
            meet_url=given.get("meet_url") or given.get("meeting_url") or "",
            bot_name=given.get("bot_name") or "",
            user_id=given.get("user_id") or metadata.get("user_id") or "",
            key=key,
        )
        if self._sandbox.take_lost_start():
            return JSONResponse({"error": "the answer is lost"}, 502)
        return JSONResponse(self._shown(bot), 201)

    async def listed(self, request: Request) -> Response:
        if refusal := self._turned_away():
            return refusal
        key = request.query_params.get("deduplication_key")
        found = [bot for bot in self._bots() if key in (None, bot.key)]
        return JSONResponse({"next": None, "results": [self._shown(bot) for bot in found]})

    async def get(self, request: Request) -> Response:
        return self._turned_away() or self._of(request, lambda bot: JSONResponse(self._shown(bot)))

    async def leave(self, request: Request) -> Response:
        def left(bot: Bot) -> Response:
            bot.leave.set()
            return JSONResponse(self._shown(bot))

        return self._turned_away() or self._of(request, left)

    async def recording(self, request: Request) -> Response:
        def link(bot: Bot) -> Response:
            if not bot.recorded:
                return JSONResponse({"error": "No recording file found for bot"}, 404)
            url = f"http://{self._sandbox.bot_service.address}/media/{bot.bot_id}.wav?X-Amz-Expires=1800"
            return JSONResponse({"url": url, "start_timestamp_ms": _START_MS})

        return self._turned_away() or self._of(request, link)

    async def transcript(self, request: Request) -> Response:
        turns = [
            {
                "speaker_name": SPEAKERS[number % len(SPEAKERS)],
                "speaker_uuid": f"{number % len(SPEAKERS)}",
                "timestamp_ms": _START_MS + int(number * TURN_SECONDS * 1000),
                "duration_ms": int(TURN_SECONDS * 1000),
            }
            for number in range(_TURNS)
        ]
        return self._turned_away() or self._of(request, lambda _: JSONResponse(turns))

    async def media(self, request: Request) -> Response:
        # As of a telephony host: nobody's token belongs here.
        if "authorization" in request.headers:
            return Response("no credentials of other systems", 400)
        return self._of(request, lambda _: FileResponse(RECORDING, media_type="audio/x-wav"))

    def _bots(self) -> list[Bot]:
        return list(self._sandbox.bot_service.bots.values())

    def _of(self, request: Request, answer: Any) -> Response:
        bot = self._sandbox.bot_service.bots.get(request.path_params["bot_id"])
        if bot is None or self._sandbox.behaviour.bots_forgotten:
            return JSONResponse({"error": "Bot not found"}, 404)
        response: Response = answer(bot)
        return response

    def _turned_away(self) -> Response | None:
        if self._sandbox.behaviour.bots_down:
            return JSONResponse({"error": "down"}, 503)
        status = self._sandbox.take_bots_status()
        return JSONResponse({"error": "as the behaviour says"}, status) if status else None

    def _shown(self, bot: Bot) -> dict[str, Any]:
        if self._sandbox.behaviour.bots_shape is Shape.PLAIN:
            failed = bot.ended and bot.sub_type
            return {
                "bot_id": bot.shown_id,
                "status": bot.status,
                "error_message": f"the bot failed: {bot.sub_type}" if failed else None,
            }
        return {
            "id": bot.bot_id,
            "meeting_url": bot.meet_url,
            "state": bot.status,
            "events": [{"type": bot.status, "sub_type": bot.sub_type or None}],
            "recording_state": bot.recording_state,
            "transcription_state": "not_started",
            "metadata": {"user_id": bot.user_id},
        }
