"""Attendee (attendee.dev, or a server of one's own), which tells the state of a bot and that of its recording."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin

from services.bot_status import signatures
from services.bot_status.adapters.api import (
    MOST_LIST_BYTES,
    Api,
    checked,
    number_of,
    object_of,
    objects_of,
    objects_under,
    public_id,
    spoken,
    text_of,
)
from services.bot_status.adapters.choice import link_of, worth
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
    searchable = True

    def __init__(self, api: Api, secrets: Sequence[str], keep: timedelta) -> None:
        """`keep` is how long deliveries of webhooks are remembered: an older one would pass for new."""
        self._api = api
        self._secrets = secrets
        self._keep = keep

    async def start(self, wish: Wish) -> Started:
        answer = await self._api.ask(
            "POST",
            "/api/v1/bots",
            body={
                "meeting_url": wish.meet_url,
                "bot_name": wish.bot_name,
                "deduplication_key": wish.intent_id,
                "metadata": {"intent_id": wish.intent_id, "user_id": wish.user_id},
                "recording_settings": {"format": "mp3"},  # only what is said is of use
            },
        )
        # A key that is in use is refused: then the bot was started already.
        if answer.refused and "deduplication" in answer.detail.lower():
            found = await self.find(wish)
            if found is not None:
                return found
        return self._started(answer.fields())

    async def find(self, wish: Wish) -> Started | None:
        bots = await self._api.listed(
            "/api/v1/bots", "results", query={"deduplication_key": wish.intent_id}
        )
        return self._started(bots[-1]) if bots else None

    async def get(self, external: External) -> ReportedStatus:
        answer = await self._api.ask("GET", f"/api/v1/bots/{checked(external)}")
        return _reported(answer.fields())

    async def stop(self, external: External) -> None:
        answer = await self._api.ask("POST", f"/api/v1/bots/{checked(external)}/leave", body={})
        answer.check()

    async def recordings(self, external: External) -> Sequence[FoundRecording]:
        path = f"/api/v1/bots/{checked(external)}/recording"
        try:
            answer = await self._api.ask("GET", path, most=MOST_LIST_BYTES)
        except NoSuchBot:  # of the recording: it is not there yet
            return ()
        answer.check()
        found = objects_under(answer.body, "results", "recordings") or [object_of(answer.body)]
        return [
            FoundRecording(link=urljoin(f"{self._api.url}/", link))
            for each in sorted(found, key=worth, reverse=True)
            if (link := link_of(each))
        ]

    async def speakers(self, external: External) -> tuple[SpokenInterval, ...]:
        bot = f"/api/v1/bots/{checked(external)}"
        try:
            recording = (await self._api.ask("GET", f"{bot}/recording", most=MOST_LIST_BYTES)).body
            answer = await self._api.ask("GET", f"{bot}/transcript", most=MOST_LIST_BYTES)
        except (ServiceUnavailable, NoSuchBot):
            return ()
        start_ms = number_of(object_of(recording).get("start_timestamp_ms"))
        return tuple(
            _spoken(name, utterance, start_ms)
            for utterance in objects_under(answer.body, "results")
            if (name := text_of(utterance.get("speaker_name")))
        )

    def meaning(self, raw_status: str, message: str) -> Meaning:
        # Only a look can tell how far the recording is.
        return attendee(raw_status, "in_progress", [message])

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Webhook:
        if not signatures.attendee(self._secrets, headers, body):
            raise Unauthenticated("the signature of the webhook is not ours")
        fields = signatures.read_json(body)
        key, bot_id = text_of(fields.get("idempotency_key")), text_of(fields.get("bot_id"))
        if not key:
            raise InvalidInput("body: idempotency_key is missing")
        # No time of sending is signed, but that of the event is.
        happened_at = _moment(text_of(object_of(fields.get("data")).get("created_at")))
        if happened_at and now - happened_at > self._keep:
            raise Unauthenticated(
                f"the webhook is of {happened_at:%Y-%m-%d %H:%M} UTC, which is too long ago"
            )
        return Webhook(key=key[:256], external=External(bot_id) if bot_id else None)

    def _started(self, fields: dict[str, Any]) -> Started:
        found = public_id(fields.get("id"))
        state = text_of(fields.get("state")) or "ready"
        reported = _reported({**fields, "state": state})
        return Started(external=External(found), bot_id=BotId(found), reported=reported)


def _reported(fields: dict[str, Any]) -> ReportedStatus:
    state = text_of(fields.get("state")).strip().lower()
    if not state:
        raise ServiceUnavailable("Attendee answers a bot without a state", doubtful=True)
    events = objects_of(fields.get("events"))
    recording = text_of(fields.get("recording_state")).strip().lower()
    return ReportedStatus(
        raw_status=state[:128],
        meaning=attendee(
            state,
            recording,
            [text_of(event.get("sub_type")) for event in events],
            [text_of(event.get("type")) for event in events],
        ),
    )


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _spoken(name: str, utterance: dict[str, Any], start_ms: float) -> SpokenInterval:
    start = number_of(utterance.get("timestamp_ms")) - start_ms
    return spoken(name, start / 1000, (start + number_of(utterance.get("duration_ms"))) / 1000)
