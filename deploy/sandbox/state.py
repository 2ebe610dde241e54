"""What a running sandbox holds, and the log that every request leaves in it."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deploy.sandbox.behaviour import Behaviour
from deploy.sandbox.bot_service import BotService
from deploy.sandbox.tokens import Tokens
from deploy.sandbox.traffic import Traffic
from deploy.sandbox.world import Call, Note, Quirk, World

OWN = "/sandbox/"
"""The path below which the sandbox has its own face; no real system has it."""

HELD_SECONDS = 60.0


@dataclass(slots=True, kw_only=True)
class Sandbox:
    """The world, and what has happened to it; `telephony` is the `host:port` of the recordings of calls."""

    world: World
    telephony: str
    bot_service: BotService = field(default_factory=lambda: BotService(address="127.0.0.1:8001"))
    behaviour: Behaviour = field(default_factory=Behaviour)
    tokens: Tokens = field(default_factory=Tokens)
    traffic: Traffic = field(default_factory=Traffic)
    refusals: int = 0
    """Answers 429 since the behaviour was last set."""
    tries: Counter[int] = field(default_factory=Counter)
    """Requests for each recording."""
    _edited: dict[int, datetime] = field(default_factory=dict)
    _notes: Sequence[tuple[Call, Note]] = ()
    _events: Sequence[tuple[Call, Note]] = ()

    def __post_init__(self) -> None:
        self._look_again()

    def behave(self, changes: Mapping[str, Any]) -> None:
        """Turn some switches; notes that get their link are edited by that.

        Raises pydantic's ValidationError naming what is no switch.
        """
        changed = self.behaviour.changed(changes)
        for note_id in self.behaviour.withheld_links - changed.withheld_links:
            self._edited[note_id] = datetime.now(UTC)
        self.behaviour = changed
        self.refusals = 0
        self._look_again()

    def take_status(self) -> int | None:
        """Return what the next request is to be answered, and forget it."""
        return self._take_next("next_statuses")

    def take_bots_status(self) -> int | None:
        """Return what the next request to the service that runs bots is to be answered, and forget it."""
        return self._take_next("bots_next_statuses")

    def take_lost_answer(self) -> bool:
        return self._count_down("lost_answers")

    def take_lost_start(self) -> bool:
        return self._count_down("bots_lost_starts")

    def take_empty_page(self) -> bool:
        return self._count_down("empty_pages")

    def _take_next(self, switch: str) -> int | None:
        first, *rest = getattr(self.behaviour, switch) or (None,)
        self._turn(switch, tuple(rest))
        return first

    def _count_down(self, switch: str) -> bool:
        left: int = getattr(self.behaviour, switch)
        self._turn(switch, max(0, left - 1))
        return left > 0

    def _turn(self, switch: str, value: Any) -> None:
        self.behaviour = replace(self.behaviour, **{switch: value})

    def notes(self) -> Sequence[tuple[Call, Note]]:
        """Return the notes that are there, with the times and oddities they have by now."""
        return self._notes

    def events(self) -> Sequence[tuple[Call, Note]]:
        """Return the notes that events tell of, the newest first."""
        return self._events

    def call_of(self, note_id: int) -> Call | None:
        """Return the call whose first note has that id: it names the recording."""
        return next((c for c in self.world.calls if c.notes[0].note_id == note_id), None)

    def _look_again(self) -> None:
        told = [
            (call, self._seen(number, note))
            for number, (call, note) in enumerate(self.world.notes(), start=1)
            if note.note_id not in self.behaviour.withheld_notes
        ]
        self._notes = [each for each in told if Quirk.DELETED not in each[1].quirks]
        self._events = sorted(
            (each for each in told if Quirk.EVENT_LOST not in each[1].quirks),
            key=lambda each: (each[1].created_at, each[1].note_id),
            reverse=True,
        )

    def _seen(self, number: int, note: Note) -> Note:
        quirks = {quirk for quirk, every in self.behaviour.quirks.items() if number % every == 0}
        edited_at = self._edited.get(note.note_id, note.updated_at)
        return replace(note, quirks=note.quirks | quirks, updated_at=edited_at)


class Logged:
    """Notes every request and its status in the sandbox's traffic, but not who looks at that."""

    def __init__(self, app: ASGIApp, sandbox: Sandbox) -> None:
        self._app = app
        self._sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["path"].startswith(OWN):
            await self._app(scope, receive, send)
            return
        host = dict(scope["headers"]).get(b"host", b"").decode()
        arrival = self._sandbox.traffic.arrive(scope["method"], host, scope["path"])

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                arrival.status = message["status"]
            await send(message)

        await self._app(scope, receive, noting)


class Held:
    """Lets requests wait while the sandbox's behaviour holds their path."""

    def __init__(self, app: ASGIApp, sandbox: Sandbox) -> None:
        self._app = app
        self._sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, once it may go on."""
        deadline = time.monotonic() + HELD_SECONDS
        while self._holds(scope) and time.monotonic() < deadline:  # noqa: ASYNC110 - with a limit
            await asyncio.sleep(0.01)
        await self._app(scope, receive, send)

    def _holds(self, scope: Scope) -> bool:
        held, path = self._sandbox.behaviour.hold, scope["path"]
        return bool(held) and path.startswith(held) and not path.startswith(OWN)
