"""A plain service: `POST /api/v1/bots`, `GET /api/v1/bots/{bot_id}`, `POST /api/v1/bots/{bot_id}/leave`.

It hands recordings over by calling back, so there is nothing to fetch from it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.bot_status.adapters.api import Api, checked, public_id, text_of
from services.bot_status.domain import (
    BotId,
    CannotFind,
    External,
    Meaning,
    ReportedStatus,
    ServiceUnavailable,
    SpokenInterval,
    Started,
    Webhook,
    Wish,
)
from services.bot_status.ports import FoundRecording
from services.bot_status.vocabulary import PlainWord, plain, status_at
from services.kernel.errors import NotFound

_IDS = ("bot_id", "id")
_MESSAGES = ("error_message", "error", "message")


class GenericProvider:
    """Implements BotProvider.

    `status_fields` are the paths at which its answers may have the status, of which the first that is there counts;
    `words` say what its statuses mean beside the usual ones.
    """

    name = "generic"
    searchable = False

    def __init__(
        self, api: Api, *, status_fields: Sequence[str], words: Mapping[str, PlainWord]
    ) -> None:
        self._api = api
        self._status_fields = status_fields
        self._words = words

    async def start(self, wish: Wish) -> Started:
        answer = await self._api.ask(
            "POST",
            "/api/v1/bots",
            body={
                "meet_url": wish.meet_url,
                "bot_name": wish.bot_name,
                "user_id": wish.user_id,
                "language": wish.language,
            },
            headers={"Idempotency-Key": wish.intent_id},
        )
        fields = answer.fields()
        found = public_id(next((fields[name] for name in _IDS if name in fields), None))
        raw = self._status(fields) or "initialized"
        return Started(
            external=External(found), bot_id=BotId(found), reported=self._reported(raw, fields)
        )

    async def find(self, wish: Wish) -> Started | None:
        raise CannotFind

    async def get(self, external: External) -> ReportedStatus:
        answer = await self._api.ask("GET", f"/api/v1/bots/{checked(external)}")
        fields = answer.fields()
        raw = self._status(fields)
        if raw is None:
            names = ", ".join(self._status_fields)
            raise ServiceUnavailable(
                f"the service that runs bots answers no status: none of {names} is there"
            )
        return self._reported(raw, fields)

    async def stop(self, external: External) -> None:
        answer = await self._api.ask("POST", f"/api/v1/bots/{checked(external)}/leave")
        answer.check()

    async def recordings(self, external: External) -> Sequence[FoundRecording]:
        return ()

    async def speakers(self, external: External) -> tuple[SpokenInterval, ...]:
        return ()

    def meaning(self, raw_status: str, message: str) -> Meaning:
        return plain(raw_status, message, self._words)

    def read_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Webhook:
        raise NotFound(
            "this service sends no webhooks: it calls /api/v1/meet/callback/update-status"
        )

    def _status(self, fields: dict[str, Any]) -> str | None:
        found = (status_at(fields, path) for path in self._status_fields)
        return next((raw for raw in found if raw is not None), None)

    def _reported(self, raw: str, fields: dict[str, Any]) -> ReportedStatus:
        message = next((text for name in _MESSAGES if (text := text_of(fields.get(name)))), "")
        return ReportedStatus(raw_status=raw[:128], meaning=self.meaning(raw, message))
