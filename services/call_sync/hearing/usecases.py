"""What people do with recordings: hear them, see how loud they are, and look up who heard them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.call_sync.domain import CallId
from services.call_sync.hearing.domain import (
    HEARD_ONCE,
    CannotDecode,
    Extent,
    NotPlayable,
    Rendition,
    TooManyAtOnce,
    Waveform,
    extent_of,
)
from services.call_sync.hearing.ports import (
    Coder,
    HearingAudit,
    PlayedStore,
    RenditionRepository,
)
from services.call_sync.ports import CallRepository
from services.kernel.clock import utc_now
from services.kernel.paging import Page, page_of, page_start, serial
from services.kernel.tasks import cancel
from services.recordings.domain import Fetched, NotFetched, Recording, RecordingNotFound
from services.status.domain import AuditEntry, Owner

MOST_WAITING = 32
"""Recordings that are decoded, or wait for it, in one process."""
PIECE_BYTES = 256 << 10

Make = Callable[[Recording], Coroutine[Any, Any, Rendition]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What is played of a call: the recording, the part that is asked for, None where it is the whole, and its bytes."""

    recording: Recording
    extent: Extent | None
    pieces: AsyncIterator[bytes]


class Hearing:
    """The recordings of the calls that whoever asks may see."""

    def __init__(
        self,
        calls: CallRepository,
        renditions: "Renditions",
        store: PlayedStore,
        audit: HearingAudit,
    ) -> None:
        self._calls = calls
        self._renditions = renditions
        self._store = store
        self._audit = audit

    async def hear(
        self, owner: Owner, call_id: CallId, actor: str, range_: str, if_range: str
    ) -> Heard:
        """Return what is played of a call, and keep that somebody hears it.

        `range_` and `if_range` are as HTTP has them, empty where there is none. Raises RecordingNotFound, NotPlayable,
        BehindTheEnd, TooManyAtOnce, StoreUnavailable.
        """
        recording = await self._recording(owner, call_id)
        played = await self._renditions.played(recording)
        extent = None
        if not if_range or if_range == etag_of(played):
            extent = extent_of(range_, played.size_bytes)
        if not await self._store.has(played):
            raise RecordingNotFound(f"the recording of call {call_id} is lost")
        await self._audit.keep_hearing(owner, call_id, actor, utc_now(), HEARD_ONCE)
        return Heard(recording=played, extent=extent, pieces=self._store.read(played, extent))

    async def get_waveform(self, owner: Owner, call_id: CallId) -> Waveform:
        """Return how loud a recording is; raises RecordingNotFound, NotPlayable, TooManyAtOnce, StoreUnavailable."""
        return await self._renditions.waveform(await self._recording(owner, call_id))

    async def list_audit_entries(
        self, owner: Owner, page_size: int, page_token: str
    ) -> Page[AuditEntry]:
        """Return a page of who heard recordings, newest first."""
        listing = f"ListRecordingAudit {owner}"
        before = page_start(listing, page_token, (serial,), int)
        found = await self._audit.list_audit_entries(owner, before, page_size + 1)
        return page_of(listing, found, page_size, lambda entry: [entry.number])

    async def _recording(self, owner: Owner, call_id: CallId) -> Recording:
        found = await self._calls.get_calls(owner, [call_id])
        if not found:
            raise RecordingNotFound(f"call {call_id} is not known")
        if found[0].recording is None:
            raise RecordingNotFound(f"call {call_id} has no recording")
        return found[0].recording


def etag_of(recording: Recording) -> str:
    """Return the entity tag of a recording, which is its content's."""
    return f'"{recording.sha256}"'


class Renditions:
    """How recordings are heard: told by what is known, else by decoding them, each once however many wait for it.

    Whoever stops waiting stops nothing: the next to ask finds it.
    """

    def __init__(
        self, known: RenditionRepository, store: PlayedStore, coder: Coder, *, at_once: int
    ) -> None:
        """`at_once` recordings are decoded at a time."""
        self._known = known
        self._store = store
        self._coder = coder
        self._free = asyncio.Semaphore(at_once)
        self._underway: dict[tuple[str, str], asyncio.Task[Rendition]] = {}

    async def played(self, recording: Recording) -> Recording:
        """Return what is played in the place of a recording, or itself.

        Raises NotPlayable, TooManyAtOnce, RecordingNotFound, StoreUnavailable.
        """
        rendition = await self._known.get_rendition(recording.sha256)
        if rendition is None:
            rendition = await self._once(self._look, recording)
        elif rendition.played and not await self._store.has(rendition.played):
            rendition = await self._once(self._code, recording)
        return _sound(rendition).played or recording

    async def waveform(self, recording: Recording) -> Waveform:
        """Return how loud a recording is; raises as `played`."""
        rendition = await self._known.get_rendition(recording.sha256)
        if rendition is None or not (rendition.waveform or rendition.fault):
            rendition = await self._once(self._code, recording)
        waveform = _sound(rendition).waveform
        assert waveform
        return waveform

    async def close(self) -> None:
        """End what is under way."""
        await cancel(*self._underway.values())

    async def _once(self, make: Make, recording: Recording) -> Rendition:
        """Do something with a recording, or wait for whoever does it already."""
        key = (make.__name__, recording.sha256)
        making = self._underway.get(key)
        if making is None:
            if len(self._underway) >= MOST_WAITING:
                raise TooManyAtOnce("many recordings are being decoded: try again in a moment")
            making = self._underway[key] = asyncio.create_task(make(recording))
            making.add_done_callback(lambda made: self._ended(key, made))
        return await asyncio.shield(making)

    def _ended(self, key: tuple[str, str], made: "asyncio.Task[Rendition]") -> None:
        del self._underway[key]
        if not made.cancelled():
            made.exception()  # nobody may be waiting for it any more

    async def _look(self, recording: Recording) -> Rendition:
        """Find out whether browsers play a recording; decode all of it only where they do not."""
        async with self._deciding(recording) as decided:
            if await self._coder.look(self._store.read(recording)):
                decided.append(Rendition())
        return decided[0] if decided else await self._once(self._code, recording)

    async def _code(self, recording: Recording) -> Rendition:
        async with self._deciding(recording) as decided:
            async with self._coder.code(self._store.read(recording)) as coded:
                played = await self._kept(coded.file) if coded.file else None
            waveform = Waveform(duration_seconds=coded.duration_seconds, peaks=coded.peaks)
            decided.append(Rendition(played=played, waveform=waveform))
        return decided[0]

    @contextlib.asynccontextmanager
    async def _deciding(self, recording: Recording) -> AsyncIterator[list[Rendition]]:
        """Hold one of the places for decoding; at the end what was decided is written, or why nothing can be."""
        decided: list[Rendition] = []
        async with self._free:
            try:
                yield decided
            except CannotDecode as error:
                decided.append(Rendition(fault=str(error)))
            except NotFetched as error:  # it is too large, or its store holds something else
                raise NotPlayable(str(error)) from None
        for rendition in decided:
            await self._known.put_rendition(recording.sha256, rendition)

    async def _kept(self, file: Path) -> Recording:
        return await self._store.keep(Fetched(file_name="the coded sound", chunks=_pieces(file)))


def _sound(rendition: Rendition) -> Rendition:
    """Return how a recording is heard; raises CannotDecode where it cannot be."""
    if rendition.fault:
        raise CannotDecode(rendition.fault)
    return rendition


async def _pieces(file: Path) -> AsyncIterator[bytes]:
    with file.open("rb") as coded:
        while piece := await asyncio.to_thread(coded.read, PIECE_BYTES):
            yield piece
