"""Recall.ai, which lists the status changes of a bot and serves recordings behind signed links."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
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
    ReportedStatus,
    SpokenInterval,
    Started,
    Webhook,
    Wish,
)
from services.bot_status.ports import FoundRecording
from services.bot_status.vocabulary import recall
from services.kernel.errors import Unauthenticated

_MEDIA = ("audio_mixed", "video_mixed")


class RecallProvider:
    """Implements BotProvider; `read` opens a document behind a link of Recall's, as JSON, None where it cannot."""

    name = "recall"

    def __init__(
        self, api: Api, secrets: Sequence[str], read: Callable[[str], Awaitable[Any]]
    ) -> None:
        self._api = api
        self._secrets = secrets
        self._read = read

    async def start(self, wish: Wish) -> Started:
        answer = await self._api.ask(
            "POST",
            "/api/v1/bot/",
            body={
                "meeting_url": wish.meet_url,
                "bot_name": wish.bot_name,
                "metadata": {"intent_id": wish.intent_id, "user_id": wish.user_id},
                "recording_config": {"audio_mixed_mp3": {}},
            },
        )
        return self._started(answer.fields())

    async def find(self, wish: Wish) -> Started | None:
        answer = await self._api.ask(
            "GET", "/api/v1/bot/", query={"metadata__intent_id": wish.intent_id}
        )
        bots = objects_of(answer.fields().get("results"))
        return self._started(bots[-1]) if bots else None

    async def get(self, external: External) -> ReportedStatus:
        return _reported((await self._api.ask("GET", f"/api/v1/bot/{checked(external)}/")).fields())

    async def stop(self, external: External) -> None:
        answer = await self._api.ask("POST", f"/api/v1/bot/{checked(external)}/leave_call/")
        answer.check()

    async def recording(self, external: External) -> FoundRecording | None:
        fields = (await self._api.ask("GET", f"/api/v1/bot/{checked(external)}/")).fields()
        shortcuts = _shortcuts(fields)
        link = next((link for name in _MEDIA if (link := _link(shortcuts, name))), "")
        if not link:
            return None
        transcript = _link(shortcuts, "transcript")
        speakers = _speakers(await self._read(transcript)) if transcript else ()
        return FoundRecording(link=link, speakers=speakers)

    def meaning(self, raw_status: str, message: str) -> Meaning:
        # Only a look can tell whether there is a recording.
        return recall([raw_status], message, has_media=True)

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Webhook:
        if not signatures.standard(self._secrets, headers, body, now):
            raise Unauthenticated(
                "the signature of the webhook is not ours, or its time is too far off"
            )
        data = object_of(signatures.read_json(body).get("data"))
        bot_id = text_of(object_of(data.get("bot")).get("id")) or text_of(data.get("bot_id"))
        key = headers.get("webhook-id") or headers["svix-id"]  # signed, so it is there
        return Webhook(key=key[:256], external=External(bot_id) if bot_id else None)

    def _started(self, fields: dict[str, Any]) -> Started:
        found = public_id(fields.get("id"))
        return Started(external=External(found), bot_id=BotId(found), reported=_reported(fields))


def _reported(fields: dict[str, Any]) -> ReportedStatus:
    changes = objects_of(fields.get("status_changes"))
    codes = [text_of(change.get("code")).lower() for change in changes]
    sub_code = text_of(changes[-1].get("sub_code")) if changes else ""
    shortcuts = _shortcuts(fields)
    has_media = any(_link(shortcuts, name) for name in _MEDIA)
    return ReportedStatus(
        raw_status=(codes[-1] if codes and codes[-1] else "ready")[:128],
        meaning=recall(codes, sub_code, has_media=has_media),
    )


def _shortcuts(fields: dict[str, Any]) -> dict[str, Any]:
    recordings = objects_of(fields.get("recordings"))
    return object_of(recordings[-1].get("media_shortcuts")) if recordings else {}


def _link(shortcuts: dict[str, Any], name: str) -> str:
    return text_of(object_of(object_of(shortcuts.get(name)).get("data")).get("download_url"))


def _speakers(transcript: Any) -> tuple[SpokenInterval, ...]:
    """Return who spoke when: each element of a transcript has a participant and words with their times."""
    intervals = []
    for turn in objects_of(transcript):
        name = text_of(object_of(turn.get("participant")).get("name"))
        words = objects_of(turn.get("words"))
        if name and words:
            start = object_of(words[0].get("start_timestamp")).get("relative")
            end = object_of(words[-1].get("end_timestamp")).get("relative")
            intervals.append(spoken(name, number_of(start), number_of(end)))
    return tuple(intervals)
