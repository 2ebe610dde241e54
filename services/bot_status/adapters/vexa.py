"""Vexa, which knows a bot by the platform and number of its meeting, and the meeting by a number of its own."""

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from services.bot_status import signatures
from services.bot_status.adapters.api import (
    Api,
    number_of,
    object_of,
    objects_of,
    spoken,
    text_of,
)
from services.bot_status.domain import (
    BotId,
    CannotFind,
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
from services.bot_status.vocabulary import vexa
from services.kernel.errors import InvalidInput, Unauthenticated

_MEET = re.compile(r"/([a-z]{3}-[a-z]{4}-[a-z]{3})/?", re.IGNORECASE)
_ZOOM = re.compile(r"/(?:j|wc|w)/(\d{9,12})(?:/.*)?")
_EXTERNAL = re.compile(r"(google_meet|zoom)/([A-Za-z0-9-]{1,32})/(\d{1,18})")
_CONFLICT = 409


class VexaProvider:
    """Implements BotProvider; Vexa has no ids for bots, so we make them up."""

    name = "vexa"

    def __init__(self, api: Api, key: str, secrets: Sequence[str]) -> None:
        self._api = api
        self._key = key
        self._secrets = secrets

    async def start(self, wish: Wish) -> Started:
        platform, native = meeting_of(wish.meet_url)
        answer = await self._api.ask(
            "POST",
            "/bots",
            body={
                "platform": platform,
                "native_meeting_id": native,
                "bot_name": wish.bot_name,
                "language": wish.language,
                "transcribe_enabled": True,
                "recording_enabled": True,
                "meeting_url": wish.meet_url,
            },
        )
        if answer.status == _CONFLICT:
            raise ServiceRefuses("another bot is in this meeting already")
        fields = answer.fields()
        number = int(number_of(fields.get("id")))
        if not number:
            raise ServiceUnavailable(
                "Vexa answers a bot without the id of its meeting", doubtful=True
            )
        return Started(
            external=External(f"{platform}/{native}/{number}"),
            bot_id=BotId(f"vexa-{uuid.uuid4().hex}"),
            reported=_reported({"status": "requested", **fields}),
        )

    async def find(self, wish: Wish) -> Started | None:
        # A meeting has one bot at a time, and nothing tells for whom it was started.
        raise CannotFind

    async def get(self, external: External) -> ReportedStatus:
        *_, number = _parts(external)
        return _reported((await self._api.ask("GET", f"/meetings/{number}")).fields())

    async def stop(self, external: External) -> None:
        platform, native, _ = _parts(external)
        answer = await self._api.ask("DELETE", f"/bots/{platform}/{native}")
        answer.check()

    async def recording(self, external: External) -> FoundRecording | None:
        platform, native, number = _parts(external)
        listed = (await self._api.ask("GET", "/recordings")).fields()
        kept = [
            each.get("id")
            for each in objects_of(listed.get("recordings"))
            if f"{each.get('meeting_id')}" == number
        ]
        if not kept or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", f"{kept[-1]}"):
            return None
        master = await self._api.ask(
            "GET", f"/recordings/{kept[-1]}/master", query={"type": "audio"}
        )
        link = text_of(object_of(master.body).get("raw_url"))
        if master.refused or not link:
            return None
        return FoundRecording(
            link=urljoin(f"{self._api.url}/", link),
            headers=self._headers_for(urljoin(f"{self._api.url}/", link)),
            speakers=await self._speakers(platform, native),
        )

    def meaning(self, raw_status: str, message: str) -> Meaning:
        return vexa(raw_status, message, "active")

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Webhook:
        if not signatures.vexa(self._secrets, headers, body, now):
            raise Unauthenticated(
                "the signature of the webhook is not ours, or its time is too far off"
            )
        fields = signatures.read_json(body)
        key = text_of(fields.get("event_id"))
        if not key:
            raise InvalidInput("body: event_id is missing")
        meeting = object_of(object_of(fields.get("data")).get("meeting"))
        external = (
            f"{meeting.get('platform')}/{meeting.get('native_meeting_id')}/{meeting.get('id')}"
        )
        known = _EXTERNAL.fullmatch(external)
        return Webhook(key=key[:256], external=External(external) if known else None)

    def _headers_for(self, link: str) -> dict[str, str]:
        """Return our key for what Vexa itself serves; a link to another host gets nothing."""
        own, other = urlsplit(self._api.url), urlsplit(link)
        same = (own.scheme, own.netloc) == (other.scheme, other.netloc)
        return {"X-API-Key": self._key} if same else {}

    async def _speakers(self, platform: str, native: str) -> tuple[SpokenInterval, ...]:
        """Return who spoke when; empty where there is no transcript, since it is only a help."""
        try:
            answer = await self._api.ask("GET", f"/transcripts/{platform}/{native}")
        except (ServiceUnavailable, NoSuchBot):
            return ()
        return tuple(
            spoken(name, number_of(each.get("start")), number_of(each.get("end")))
            for each in objects_of(object_of(answer.body).get("segments"))
            if (name := text_of(each.get("speaker")))
        )


def meeting_of(meet_url: str) -> tuple[str, str]:
    """Return platform and number of a meeting; raises ServiceRefuses."""
    parts = urlsplit(meet_url)
    host = (parts.hostname or "").lower()
    if host == "meet.google.com" and (found := _MEET.fullmatch(parts.path)):
        return "google_meet", found[1].lower()
    if (host == "zoom.us" or host.endswith(".zoom.us")) and (found := _ZOOM.fullmatch(parts.path)):
        return "zoom", found[1]
    raise ServiceRefuses(
        "the address is none that Vexa is told of: write https://meet.google.com/abc-defg-hij or "
        "https://zoom.us/j/1234567890"
    )


def _parts(external: External) -> tuple[str, str, str]:
    found = _EXTERNAL.fullmatch(external)
    if found is None:
        raise NoSuchBot("its id is none")
    return found[1], found[2], found[3]


def _reported(fields: dict[str, Any]) -> ReportedStatus:
    status = text_of(fields.get("status")).lower()
    if not status:
        raise ServiceUnavailable("Vexa answers a meeting without a status", doubtful=True)
    data = object_of(fields.get("data"))
    reason = text_of(data.get("completion_reason"))
    stage = text_of(data.get("failure_stage"))
    return ReportedStatus(raw_status=status[:128], meaning=vexa(status, reason, stage))
