"""Vexa, which knows a bot by the platform and number of its meeting, and the meeting by a number of its own."""

import hashlib
import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, quote, urljoin, urlsplit

from services.bot_status import signatures
from services.bot_status.adapters.api import (
    MOST_LIST_BYTES,
    Api,
    id_of,
    number_of,
    object_of,
    objects_under,
    spoken,
    text_of,
)
from services.bot_status.adapters.choice import is_lost, is_whole, link_of, worth
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
from services.bot_status.meeting_links import GOOGLE, JITSI, TEAMS, ZOOM
from services.bot_status.ports import FoundRecording
from services.bot_status.vocabulary import vexa
from services.kernel.errors import InvalidInput, Unauthenticated

_MEET = re.compile(r"/([a-z]{3}-[a-z]{4}-[a-z]{3})/?", re.IGNORECASE)
_ZOOM = re.compile(r"/(?:j|w|wc|wc/join)/(\d{9,12})(?:/.*)?")
_TEAMS = re.compile(r"/meet/(\d{10,15})/?")
_TEAMS_LONG = re.compile(r"/l/meetup-join/.+")
_JITSI = re.compile(r"/([^/?#\s&=]{1,200})/?")
_EXTERNAL = re.compile(r"(google_meet|zoom|teams|jitsi)/([^/?#&=\s]{1,255})/(\d{1,18})")
_CONFLICT = 409
_LISTS = ("recordings", "results", "items", "data")


class VexaProvider:
    """Implements BotProvider; Vexa has no ids for bots, so we make them up."""

    name = "vexa"
    searchable = True

    def __init__(
        self, api: Api, key: str, secrets: Sequence[str], jitsi: Sequence[str] = ()
    ) -> None:
        """`jitsi` are the operator's own hosts of meetings."""
        self._api = api
        self._jitsi = jitsi
        self._key = key
        self._secrets = secrets

    async def start(self, wish: Wish) -> Started:
        platform, native, passcode = meeting_of(wish.meet_url, self._jitsi)
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
                **({"passcode": passcode} if passcode else {}),
            },
        )
        if answer.status == _CONFLICT:
            raise ServiceRefuses("another bot is in this meeting already")
        fields = answer.fields()
        number = id_of(fields.get("id"))
        if not number.isdigit():
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
        answer = await self._api.ask("DELETE", f"/bots/{platform}/{quote(native, safe='@-_.~')}")
        answer.check()

    async def recordings(self, external: External) -> Sequence[FoundRecording]:
        kept = await self._kept(external)
        return [
            FoundRecording(link=link, headers=self._headers_for(link), whole=is_whole(each))
            for each in sorted(kept, key=worth, reverse=True)
            for link in await self._links_of(each)
        ]

    async def speakers(self, external: External) -> tuple[SpokenInterval, ...]:
        platform, native, _ = _parts(external)
        path = f"/transcripts/{platform}/{quote(native, safe='@-_.~')}"
        try:
            answer = await self._api.ask("GET", path, most=MOST_LIST_BYTES)
        except (ServiceUnavailable, NoSuchBot):
            return ()
        return tuple(
            spoken(name, number_of(each.get("start")), number_of(each.get("end")))
            for each in objects_under(answer.body, "segments")
            if (name := text_of(each.get("speaker")))
        )

    async def _kept(self, external: External) -> list[dict[str, Any]]:
        """Return the recordings of a meeting, asked for in one way after another until one names what is not lost.

        The ways are all recordings, those of the meeting, and the meeting itself. Raises where no way answers at all.
        """
        *_, number = _parts(external)
        kept: list[dict[str, Any]] = []
        answered, trouble = False, ServiceUnavailable("Vexa lists no recordings")
        for ask in (self._listed, self._listed_of_meeting, self._shown_by_meeting):
            try:
                found = await ask(number)
            except NoSuchBot:
                answered = True
            except ServiceRefuses:
                continue
            except ServiceUnavailable as error:
                trouble = error
            else:
                answered = True
                kept += found
                if not all(map(is_lost, found)):
                    break
        if not answered:
            raise trouble
        return kept

    async def _listed(self, number: str) -> list[dict[str, Any]]:
        listed = await self._api.listed("/recordings", *_LISTS)
        return [each for each in listed if id_of(each.get("meeting_id")) == number]

    async def _listed_of_meeting(self, number: str) -> list[dict[str, Any]]:
        listed = await self._api.listed("/recordings", *_LISTS, query={"meeting_id": number})
        return [each for each in listed if id_of(each.get("meeting_id") or number) == number]

    async def _shown_by_meeting(self, number: str) -> list[dict[str, Any]]:
        answer = await self._api.ask("GET", f"/meetings/{number}", most=MOST_LIST_BYTES)
        fields = answer.fields()
        return objects_under(fields, "recordings") or objects_under(
            fields.get("data"), "recordings"
        )

    async def _links_of(self, recording: dict[str, Any]) -> list[str]:
        """Return where a recording is: its audio as a whole, or else its files, its audio first."""
        number = id_of(recording.get("id"))
        links = []
        if number:
            links.append(await self._master(number))
            files = sorted(
                objects_under(recording, "media_files"),
                key=lambda each: text_of(each.get("type")) != "audio",
            )
            ids = [(id_of(each.get("id")), text_of(each.get("type"))) for each in files]
            links += [
                f"/recordings/{number}/media/{file_id}/raw?type={kind or 'audio'}"
                for file_id, kind in ids
                if file_id and re.fullmatch("[a-z]*", kind)
            ]
        links.append(link_of(recording))
        return list(dict.fromkeys(urljoin(f"{self._api.url}/", link) for link in links if link))

    async def _master(self, number: str) -> str:
        try:
            path = f"/recordings/{number}/master"
            answer = await self._api.ask("GET", path, query={"type": "audio"})
        except (ServiceUnavailable, NoSuchBot):
            return ""
        found = object_of(answer.body)
        return "" if answer.refused else text_of(found.get("raw_url")) or link_of(found)

    def meaning(self, raw_status: str, message: str) -> Meaning:
        # Only a look can tell whether the bot was in the meeting.
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


def meeting_of(meet_url: str, jitsi: Sequence[str] = ()) -> tuple[str, str, str]:
    """Return platform, number and passcode of a meeting, as Vexa names them; raises ServiceRefuses.

    A room of Jitsi belongs to its host; a long link to Teams has no number, so that it is known by its hash.
    """
    parts = urlsplit(meet_url)
    host = (parts.hostname or "").lower().removesuffix(".")
    query = parse_qs(parts.query)
    if host in GOOGLE and (found := _MEET.fullmatch(parts.path)):
        return "google_meet", found[1].lower(), ""
    if _is_at(host, ZOOM) and (found := _ZOOM.fullmatch(parts.path)):
        return "zoom", found[1], query.get("pwd", [""])[0]
    if _is_at(host, TEAMS):
        short = parts.path if _TEAMS.fullmatch(parts.path) else parts.fragment.partition("?")[0]
        if found := _TEAMS.fullmatch(short):
            after = parse_qs(parts.fragment.partition("?")[2])
            return "teams", found[1], (query.get("p") or after.get("p") or [""])[0]
        if _TEAMS_LONG.fullmatch(parts.path):
            return "teams", hashlib.sha256(meet_url.encode()).hexdigest()[:16], ""
    if _is_at(host, (*JITSI, *jitsi)) and (found := _JITSI.fullmatch(parts.path)):
        return "jitsi", found[1] if host in JITSI else f"{found[1]}@{host}", ""
    raise ServiceRefuses(
        "the address is none that Vexa is told of: write https://meet.google.com/abc-defg-hij, "
        "https://zoom.us/j/1234567890, https://teams.microsoft.com/meet/1234567890123 or "
        "https://meet.jit.si/Room"
    )


def _is_at(host: str, hosts: Sequence[str]) -> bool:
    return any(
        host.endswith(each[1:]) if each.startswith("*.") else host == each.partition(":")[0]
        for each in hosts
    )


def _parts(external: External) -> tuple[str, str, str]:
    found = _EXTERNAL.fullmatch(external)
    if found is None:
        raise NoSuchBot("its id is none")
    return found[1], found[2], found[3]


def _reported(fields: dict[str, Any]) -> ReportedStatus:
    status = text_of(fields.get("status")).strip().lower()
    if not status:
        raise ServiceUnavailable("Vexa answers a meeting without a status", doubtful=True)
    data = object_of(fields.get("data"))
    reason = text_of(data.get("completion_reason") or fields.get("completion_reason"))
    stage = text_of(data.get("failure_stage") or fields.get("failure_stage"))
    was_in = bool(fields["start_time"]) if "start_time" in fields else None
    return ReportedStatus(
        raw_status=status[:128], meaning=vexa(status, reason, stage, was_in=was_in)
    )
