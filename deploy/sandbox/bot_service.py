"""Plays the service that runs bots: what bots it has, how they get on, and what it tells Potok of them."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx2

from deploy.sandbox.behaviour import Behaviour, BotEnd, Callbacks, MediaKind, Shape
from deploy.sandbox.meeting import TEXT

KEPT = 1000
"""The number of bots that are remembered."""
_TRIES = 5
_STEPS: dict[Shape, tuple[tuple[str, float], ...]] = {
    Shape.PLAIN: (("initialized", 1), ("connecting", 2), ("connected", 6)),
    Shape.ATTENDEE: (("joining", 1), ("waiting_room", 2), ("joined_recording", 6)),
}
_REJECTED = {Shape.PLAIN: "error", Shape.ATTENDEE: "fatal_error"}
_REASONS = {BotEnd.REJECTED: "request_to_join_denied", BotEnd.FATAL: "heartbeat_timeout"}


@dataclass(slots=True, kw_only=True)
class Bot:
    """A bot, and what Potok answered to the callbacks about it."""

    bot_id: str
    meet_url: str
    bot_name: str
    user_id: str
    key: str
    status: str = ""
    sub_type: str = ""
    recording_state: str = "not_started"
    recorded: bool = False
    """Its recording can be had."""
    ended: bool = False
    answers: list[tuple[str, int]] = field(default_factory=list)
    leave: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def shown_id(self) -> str | int:
        """The id as it is written, which a number is without marks."""
        return int(self.bot_id) if self.bot_id.isdigit() else self.bot_id

    def told(self) -> dict[str, Any]:
        """Return the bot as the sandbox's own face shows it."""
        return {
            "bot_id": self.bot_id,
            "user_id": self.user_id,
            "meet_url": self.meet_url,
            "bot_name": self.bot_name,
            "status": self.status,
            "ended": self.ended,
            "answers": self.answers,
        }


@dataclass(slots=True, kw_only=True)
class BotService:
    """The bots; `gateway` is where Potok is called back, as a service that `token` is of.

    `address` is its own `host:port`, `webhook_secret` what its webhooks are signed with, in base64.
    """

    address: str
    gateway: str = ""
    token: str = ""
    webhook_secret: str = ""
    bots: dict[str, Bot] = field(default_factory=dict)
    _lives: "set[asyncio.Task[None]]" = field(default_factory=set)

    def start(self, behaviour: Behaviour, **given: Any) -> Bot:
        """Have a bot begin its life."""
        numbered = behaviour.bots_numbered
        bot_id = f"{secrets.randbits(62)}" if numbered else f"bot_{secrets.token_hex(8)}"
        bot = Bot(bot_id=bot_id, **given)
        bot.status = _STEPS[behaviour.bots_shape][0][0]
        self.bots[bot.bot_id] = bot
        while len(self.bots) > KEPT:
            del self.bots[next(iter(self.bots))]
        life = asyncio.get_running_loop().create_task(self._live(bot, behaviour))
        self._lives.add(life)
        life.add_done_callback(self._lives.discard)
        return bot

    async def _live(self, bot: Bot, behaviour: Behaviour) -> None:
        """Go through the states of a bot and tell of each, by the behaviour that it was started with."""
        steps = _STEPS[behaviour.bots_shape]
        before = ""
        for status, seconds in steps:
            bot.status = status
            if status == steps[-1][0]:
                bot.recording_state = "in_progress"
            await self._tell(bot, behaviour, status)
            if behaviour.bots_callbacks is Callbacks.LATE and before:
                await self._tell(bot, behaviour, before)
            before = status
            await _until(bot.leave, seconds / behaviour.bots_speed)
            if status == steps[1][0] and await self._stays_out(bot, behaviour):
                return
        await self._end(bot, behaviour)

    async def _stays_out(self, bot: Bot, behaviour: Behaviour) -> bool:
        match behaviour.bots_end:
            case BotEnd.NEVER_LET_IN:
                await bot.leave.wait()
                return True
            case BotEnd.REJECTED:
                await self._fail(bot, behaviour)
                return True
            case _:
                return False

    async def _record_late(self, bot: Bot, behaviour: Behaviour) -> None:
        if behaviour.bots_recording_after is not None:
            await asyncio.sleep(behaviour.bots_recording_after)
            bot.recorded = True

    async def _fail(self, bot: Bot, behaviour: Behaviour) -> None:
        bot.sub_type = _REASONS[behaviour.bots_end]
        bot.ended = True
        bot.status = _REJECTED[behaviour.bots_shape]
        await self._tell(bot, behaviour, bot.status, bot.sub_type)

    async def _end(self, bot: Bot, behaviour: Behaviour) -> None:
        if behaviour.bots_end is BotEnd.FATAL:
            await self._fail(bot, behaviour)
            await self._record_late(bot, behaviour)
            return
        recorded = behaviour.bots_end is BotEnd.RECORDED
        if behaviour.bots_shape is Shape.ATTENDEE:
            bot.status = "post_processing"
            await asyncio.sleep(1 / behaviour.bots_speed)
        bot.recording_state = "complete" if recorded else "failed"
        bot.recorded = recorded and behaviour.bots_recording_after is None
        bot.status, bot.ended = "ended", True
        await self._tell(bot, behaviour, "ended")
        await self._record_late(bot, behaviour)
        if recorded and behaviour.bots_shape is Shape.PLAIN:
            await self._hand_over(bot, behaviour)

    async def _tell(self, bot: Bot, behaviour: Behaviour, status: str, error: str = "") -> None:
        """Call back, or send a webhook, as the shape has it: as often as the behaviour says."""
        if behaviour.bots_callbacks is Callbacks.LOST:
            return
        if behaviour.bots_shape is Shape.PLAIN:
            body: dict[str, Any] = {"bot_id": bot.shown_id, "status": status}
            body |= {"error_message": error} if error else {}
            await self._call(bot, "/api/v1/meet/callback/update-status", body, behaviour)
            return
        event = {
            "idempotency_key": str(uuid4()),
            "bot_id": bot.bot_id,
            "bot_metadata": {},
            "trigger": "bot.state_change",
            "data": {"new_state": status, "created_at": datetime.now(UTC).isoformat()},
        }
        await self._call(bot, "/api/v1/meet/webhooks/attendee", event, behaviour)

    async def _hand_over(self, bot: Bot, behaviour: Behaviour) -> None:
        """Call create-tasks-from-audio, as the guide for such services has it."""
        body: dict[str, Any] = {"user_id": bot.user_id, "bot_id": bot.shown_id}
        if behaviour.bots_media is MediaKind.TEXT:
            body["text"] = TEXT
        else:
            body["audio_url"] = f"http://{self.address}/media/{bot.bot_id}.wav"
        await self._call(bot, "/api/v1/create-tasks-from-audio", body, behaviour)

    async def _call(self, bot: Bot, path: str, body: dict[str, Any], behaviour: Behaviour) -> None:
        if not self.gateway:
            return
        times = 2 if behaviour.bots_callbacks is Callbacks.DOUBLED else 1
        async with httpx2.AsyncClient(timeout=120, trust_env=False) as client:
            await asyncio.gather(*(self._send(client, bot, path, body) for _ in range(times)))

    async def _send(
        self, client: httpx2.AsyncClient, bot: Bot, path: str, body: dict[str, Any]
    ) -> None:
        """Send it until it is taken, a few times; what is refused is not sent again."""
        content = json.dumps(body, ensure_ascii=False).encode()
        headers = {"content-type": "application/json", "x-webhook-signature": self._sign(body)}
        if "webhooks" not in path:
            headers["authorization"] = f"Bearer {self.token}"
        for number in range(1, _TRIES + 1):
            with contextlib.suppress(httpx2.HTTPError):
                answer = await client.post(
                    f"{self.gateway}{path}", content=content, headers=headers
                )
                bot.answers.append((path, answer.status_code))
                if answer.status_code < 500:  # noqa: PLR2004
                    return
            await asyncio.sleep(0.2 * number)

    def _sign(self, body: dict[str, Any]) -> str:
        """Sign a webhook as Attendee does."""
        written = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        key = base64.b64decode(self.webhook_secret)
        return base64.b64encode(hmac.new(key, written.encode(), hashlib.sha256).digest()).decode()


async def _until(event: asyncio.Event, seconds: float) -> None:
    """Wait until something happens, at most for so many seconds."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
