"""A browser's EventSource as far as the tests need it."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import grpc
from potok.coordinator.v1 import watch_events_service_pb2 as pb
from potok.coordinator.v1 import watch_events_service_pb2_grpc as pb_grpc

from tests.coordination import Replica
from tests.waiting import PATIENCE


@dataclass(frozen=True, slots=True)
class Event:
    """One event as a page gets it."""

    name: str
    data: Any
    last_id: str

    @property
    def revisions(self) -> list[int]:
        """The revisions of its changes; JSON has long numbers as strings."""
        return [int(change["revision"]) for change in self.data["changes"]]


@dataclass
class EventStream:
    """One stream, read by the rules of the HTML standard: a block without data moves the id and is no event."""

    call: Any
    last_id: str = ""
    retry: int = 0
    comments: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    async def next(self) -> Event:
        """Read the next event; raises EOFError where the stream has ended."""
        while True:
            event = self._take(await self.block())
            if event is not None:
                self.events.append(event)
                return event

    async def until(self, name: str) -> Event:
        """Read up to the first event of a name."""
        while (event := await self.next()).name != name:
            pass
        return event

    async def revision(self, revision: int) -> None:
        """Read until everything up to `revision` is there."""
        while not self.events or int(self.events[-1].data["revision"]) < revision:
            await self.next()

    async def comment(self) -> str:
        """Read up to the next comment."""
        known = len(self.comments)
        while len(self.comments) == known:
            assert self._take(await self.block()) is None
        return self.comments[-1]

    async def block(self) -> str:
        """Read one block as it came."""
        async with asyncio.timeout(PATIENCE):
            body: Any = await self.call.read()
        if body is grpc.aio.EOF:
            raise EOFError
        assert body.content_type == "text/event-stream; charset=utf-8"
        text: str = body.data.decode()
        assert text.endswith("\n\n")
        assert "\n\n" not in text[:-2]
        return text[:-2]

    @property
    def revisions(self) -> list[int]:
        """The revisions of all changes after the snapshot, in order of arrival."""
        return [
            revision
            for event in self.events
            if event.name == "changes"
            for revision in event.revisions
        ]

    def _take(self, block: str) -> Event | None:
        name, data = "message", []
        for line in block.split("\n"):
            key, _, value = line.partition(":")
            value = value.removeprefix(" ")
            match key:
                case "":
                    self.comments.append(value)
                case "event":
                    name = value
                case "data":
                    data.append(value)
                case "id":
                    self.last_id = value
                case "retry":
                    self.retry = int(value)
        return Event(name, json.loads("\n".join(data)), self.last_id) if data else None


def watch_events(replica: Replica, last_event_id: str = "", **request: Any) -> EventStream:
    """Open a stream as a browser does; it says what it saw last where that is something."""
    stub: Any = pb_grpc.WatchEventsServiceStub(replica.channel)
    metadata = (("last-event-id", last_event_id),) if last_event_id else ()
    call = stub.WatchEvents(pb.WatchEventsRequest(**request), metadata=metadata)
    replica.streams.append(call)
    return EventStream(call)


def lines_of(event: bytes) -> list[str]:
    """Return the lines of one event as it is sent."""
    text = event.decode()
    assert text.endswith("\n\n")
    return text[:-2].split("\n")
