"""Recall.ai, which lists the status changes of a bot and serves recordings behind signed links."""

import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.bot_status import signatures
from services.bot_status.adapters.api import (
    MOST_LIST_BYTES,
    Api,
    checked,
    id_of,
    number_of,
    object_of,
    objects_of,
    objects_under,
    public_id,
    spoken,
    text_of,
)
from services.bot_status.adapters.choice import is_whole, worth
from services.bot_status.domain import (
    BotId,
    External,
    Meaning,
    NoSuchBot,
    ReportedStatus,
    ServiceRefuses,
    ServiceUnavailable,
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
    searchable = True

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
        bots = await self._api.listed(
            "/api/v1/bot/", "results", query={"metadata__intent_id": wish.intent_id}
        )
        return self._started(bots[-1]) if bots else None

    async def get(self, external: External) -> ReportedStatus:
        return _reported((await self._api.ask("GET", f"/api/v1/bot/{checked(external)}/")).fields())

    async def stop(self, external: External) -> None:
        answer = await self._api.ask("POST", f"/api/v1/bot/{checked(external)}/leave_call/")
        answer.check()

    async def recordings(self, external: External) -> Sequence[FoundRecording]:
        found: list[FoundRecording] = []
        trouble: ServiceUnavailable | None = None
        for each in await self._kept(external):
            links = [link for name in _MEDIA if (link := _link(_shortcuts(each), name))]
            shown = [FoundRecording(link=link, whole=is_whole(each)) for link in links]
            try:
                found += shown or await self._media_of(id_of(each.get("id")))
            except ServiceUnavailable as error:
                trouble = error
        if trouble and not found:
            raise trouble
        return found

    async def speakers(self, external: External) -> tuple[SpokenInterval, ...]:
        try:
            kept = await self._kept(external)
        except (ServiceUnavailable, ServiceRefuses, NoSuchBot):
            return ()
        transcript = next(
            (link for each in kept if (link := _link(_shortcuts(each), "transcript"))), ""
        )
        return _speakers(await self._read(transcript)) if transcript else ()

    async def _kept(self, external: External) -> list[dict[str, Any]]:
        """Return the recordings of a bot, the best first: as it shows them, or else as they are listed."""
        try:
            answer = await self._api.ask(
                "GET", f"/api/v1/bot/{checked(external)}/", most=MOST_LIST_BYTES
            )
            kept = objects_under(answer.fields(), "recordings")
        except NoSuchBot:
            kept = []
        if not kept:
            kept = await self._listed("/api/v1/recording/", {"bot_id": external})
        return sorted(kept, key=_worth, reverse=True)

    async def _media_of(self, recording_id: str) -> list[FoundRecording]:
        """Return the media of a recording that has no shortcuts to them."""
        return [
            FoundRecording(link=link, whole=is_whole(each))
            for name in _MEDIA
            if recording_id
            for each in await self._listed(f"/api/v1/{name}/", {"recording_id": recording_id})
            if (link := text_of(object_of(each.get("data")).get("download_url")))
        ]

    async def _listed(self, path: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        try:
            return await self._api.listed(path, "results", query=query)
        except (NoSuchBot, ServiceRefuses):
            return []

    def meaning(self, raw_status: str, message: str) -> Meaning:
        # Only a look can tell whether there is a recording.
        return recall([raw_status], [message], has_media=True)

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
    with contextlib.suppress(ValueError, TypeError):  # else in the order in which they come
        changes = sorted(
            changes, key=lambda each: datetime.fromisoformat(each.get("created_at", ""))
        )
    codes = [text_of(change.get("code")).strip().lower() for change in changes]
    codes = [code for code in codes if code]
    has_media = any(
        _link(_shortcuts(each), name)
        for each in objects_under(fields, "recordings")
        for name in _MEDIA
    )
    return ReportedStatus(
        raw_status=(codes[-1] if codes else "ready")[:128],
        meaning=recall(
            codes, [text_of(change.get("sub_code")) for change in changes], has_media=has_media
        ),
    )


def _worth(recording: dict[str, Any]) -> tuple[Any, ...]:
    """Return what orders recordings: what has a link first, then by their state, the longest, the last."""
    started, completed = (text_of(recording.get(name)) for name in ("started_at", "completed_at"))
    return (*worth(recording)[:2], _seconds(started, completed), started)


def _seconds(started: str, completed: str) -> float:
    try:
        between = datetime.fromisoformat(completed) - datetime.fromisoformat(started)
    except (ValueError, TypeError):
        return 0.0
    return between.total_seconds()


def _shortcuts(recording: dict[str, Any]) -> dict[str, Any]:
    return object_of(recording.get("media_shortcuts"))


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
