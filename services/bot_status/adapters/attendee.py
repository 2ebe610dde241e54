"""Attendee (attendee.dev, or a server of one's own), which tells the state of a bot and that of its recording."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.bot_status import signatures
from services.bot_status.adapters.api import (
    Api,
    checked,
    number_of,
    object_of,
    objects_of,
    public_id,
    spoken,
    text_of,
)
from services.bot_status.domain import (
    BotId,
    External,
    Meaning,
    NoSuchBot,
    ReportedStatus,
    ServiceUnavailable,
    SpokenInterval,
    Started,
    Webhook,
    Wish,
)
from services.bot_status.ports import FoundRecording
from services.bot_status.vocabulary import attendee
from services.kernel.errors import InvalidInput, Unauthenticated


class AttendeeProvider:
    """Implements BotProvider; repeats are recognised by `deduplication_key`, until the bot that has it has ended."""

    name = "attendee"

    def __init__(self, api: Api, secrets: Sequence[str]) -> None:
        self._api = api
        self._secrets = secrets

    async def start(self, wish: Wish) -> Started:
        answer = await self._api.ask(
            "POST",
            "/api/v1/bots",
            body={
                "meeting_url": wish.meet_url,
                "bot_name": wish.bot_name,
                "deduplication_key": wish.intent_id,
                "metadata": {"intent_id": wish.intent_id, "user_id": wish.user_id},
            },
        )
        # A key that is in use is refused: then the bot was started already.
        if answer.refused and "deduplication" in answer.detail.lower():
            found = await self.find(wish)
            if found is not None:
                return found
        return self._started(answer.fields())

    async def find(self, wish: Wish) -> Started | None:
        answer = await self._api.ask(
            "GET", "/api/v1/bots", query={"deduplication_key": wish.intent_id}
        )
        bots = objects_of(answer.fields().get("results"))
        return self._started(bots[-1]) if bots else None

    async def get(self, external: External) -> ReportedStatus:
        answer = await self._api.ask("GET", f"/api/v1/bots/{checked(external)}")
        return _reported(answer.fields())

    async def stop(self, external: External) -> None:
        answer = await self._api.ask("POST", f"/api/v1/bots/{checked(external)}/leave", body={})
        answer.check()

    async def recording(self, external: External) -> FoundRecording | None:
        bot = f"/api/v1/bots/{checked(external)}"
        fields = (await self._api.ask("GET", f"{bot}/recording")).fields()
        link = text_of(fields.get("url"))
        if not link:
            return None
        start_ms = number_of(fields.get("start_timestamp_ms"))
        return FoundRecording(link=link, speakers=await self._speakers(bot, start_ms))

    def meaning(self, raw_status: str, message: str) -> Meaning:
        return attendee(raw_status, "in_progress", message)

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Webhook:
        if not signatures.attendee(self._secrets, headers, body):
            raise Unauthenticated("the signature of the webhook is not ours")
        fields = signatures.read_json(body)
        key, bot_id = text_of(fields.get("idempotency_key")), text_of(fields.get("bot_id"))
        if not key:
            raise InvalidInput("body: idempotency_key is missing")
        return Webhook(key=key[:256], external=External(bot_id) if bot_id else None)

    async def _speakers(self, bot: str, start_ms: float) -> tuple[SpokenInterval, ...]:
        """Return who spoke when; empty where there is no transcript, since it is only a help."""
        try:
            answer = await self._api.ask("GET", f"{bot}/transcript")
        except (ServiceUnavailable, NoSuchBot):
            return ()
        return tuple(
            _spoken(name, utterance, start_ms)
            for utterance in objects_of(answer.body)
            if (name := text_of(utterance.get("speaker_name")))
        )

    def _started(self, fields: dict[str, Any]) -> Started:
        found = public_id(fields.get("id"))
        state = text_of(fields.get("state")) or "ready"
        reported = _reported({**fields, "state": state})
        return Started(external=External(found), bot_id=BotId(found), reported=reported)


def _reported(fields: dict[str, Any]) -> ReportedStatus:
    state = text_of(fields.get("state")).lower()
    if not state:
        raise ServiceUnavailable("Attendee answers a bot without a state", doubtful=True)
    events = objects_of(fields.get("events"))
    sub_type = text_of(object_of(events[-1] if events else None).get("sub_type"))
    recording = text_of(fields.get("recording_state")).lower()
    return ReportedStatus(raw_status=state[:128], meaning=attendee(state, recording, sub_type))


def _spoken(name: str, utterance: dict[str, Any], start_ms: float) -> SpokenInterval:
    start = number_of(utterance.get("timestamp_ms")) - start_ms
    return spoken(name, start / 1000, (start + number_of(utterance.get("duration_ms"))) / 1000)
