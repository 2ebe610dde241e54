"""Recordings in a directory or a bucket, each under the hash of its content."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import IO

import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from services.recordings.audio import HEAD_BYTES, sound_start
from services.recordings.domain import (
    Fetched,
    NotAudio,
    Recording,
    RecordingNotFound,
    StoreUnavailable,
    TooLarge,
)

log = structlog.get_logger()

PIECE_BYTES = 256 << 10

_STORE_ERRORS = (BaseError, OSError)


def open_store(url: str) -> ObjectStore:
    """Return the store at `file:///directory`, which is created, or `s3://bucket/prefix`.

    Credentials and endpoint of S3 come from the usual AWS_… environment; AWS_ALLOW_HTTP=true lets it be one without
    TLS. Raises StoreUnavailable.
    """
    try:
        if url.startswith("file://"):
            return LocalStore.from_url(url, mkdir=True)
        return S3Store.from_url(
            url,
            client_options={
                "connect_timeout": "5s",
                "timeout": "120s",
                # obstore forgets what the environment says of clients once it is told anything.
                "allow_http": os.environ.get("AWS_ALLOW_HTTP", "") == "true",
            },
            retry_config={"max_retries": 3},
        )
    except _STORE_ERRORS:
        raise StoreUnavailable(f"{url} cannot be opened: may it be created and written?") from None


class ObjectRecordings:
    """Implements RecordingStore; a recording of more than `max_bytes` is refused.

    `register` is given the hash of each recording before it is stored; `mend` tells people what brings a lost one back.
    """

    def __init__(
        self,
        store: ObjectStore,
        *,
        max_bytes: int,
        register: Callable[[str], Awaitable[None]],
        mend: str,
    ) -> None:
        self._store = store
        self._max_bytes = max_bytes
        self._register = register
        self._mend = mend

    async def keep(self, fetched: Fetched) -> Recording:
        """Spool the bytes to a file, since only the last one completes the name; then store them once."""
        try:
            with tempfile.NamedTemporaryFile() as file:
                recording = await self._spool(fetched, file)
                await self._register(recording.sha256)
                await self._put(recording, Path(file.name))
        except _STORE_ERRORS as error:
            raise _unavailable(error) from error
        return recording

    async def read(
        self, recording: Recording, part: tuple[int, int] | None = None
    ) -> AsyncIterator[bytes]:
        """Yield the bytes, or those from a number to before another, where all are as many as when they were kept."""
        try:
            found = await obstore.get_async(
                self._store, _key(recording.sha256), options={"range": part} if part else {}
            )
            if found.meta["size"] != recording.size_bytes:
                raise FileNotFoundError(recording.sha256)
            async for chunk in found.stream(min_chunk_size=PIECE_BYTES):
                whole = memoryview(chunk)
                for start in range(0, len(whole), PIECE_BYTES):
                    yield bytes(whole[start : start + PIECE_BYTES])
        except FileNotFoundError:
            raise RecordingNotFound(f"recording {recording.sha256} is lost: {self._mend}") from None
        except _STORE_ERRORS as error:
            raise _unavailable(error) from error

    async def has(self, recording: Recording) -> bool:
        """Tell whether all bytes are there."""
        try:
            return await self._size(_key(recording.sha256)) == recording.size_bytes
        except _STORE_ERRORS as error:
            raise _unavailable(error) from error

    async def delete(self, hashes: Sequence[str]) -> None:
        """Delete all at once, each by itself: a store on a disk fails as a whole where one is not there."""
        ends = await asyncio.gather(
            *(obstore.delete_async(self._store, _key(sha256)) for sha256 in hashes),
            return_exceptions=True,
        )
        for end in ends:
            if isinstance(end, Exception) and not isinstance(end, FileNotFoundError):
                raise _unavailable(end) from end

    async def _spool(self, fetched: Fetched, file: IO[bytes]) -> Recording:
        """Write what comes to a file, from where the sound begins: not every player skips what stands before it."""
        digest, size, head = hashlib.sha256(), 0, b""
        found: tuple[int, str] | None = None

        def append(chunk: bytes) -> None:
            digest.update(chunk)
            file.write(chunk)

        async for chunk in fetched.chunks:
            size += len(chunk)
            if size > self._max_bytes:
                raise TooLarge(f"{fetched.file_name} is larger than {self._max_bytes} bytes")
            if found:
                await asyncio.to_thread(append, chunk)
                continue
            head += chunk
            if len(head) >= HEAD_BYTES:
                found = _sound_start(head, fetched)
                await asyncio.to_thread(append, head[found[0] :])
        if found is None:
            found = _sound_start(head, fetched)
            append(head[found[0] :])
        file.flush()
        start, media_type = found
        return Recording(
            sha256=digest.hexdigest(),
            size_bytes=size - start,
            content_type=media_type,
            file_name=fetched.file_name,
        )

    async def _put(self, recording: Recording, file: Path) -> None:
        """Store a file unless it is there; one of another size was cut short by a power cut, and is stored again."""
        key = _key(recording.sha256)
        if await self._size(key) == recording.size_bytes:
            return
        await obstore.put_async(self._store, key, file)
        if isinstance(self._store, LocalStore) and self._store.prefix:
            await asyncio.to_thread(_sync, Path(self._store.prefix), key)

    async def _size(self, key: str) -> int | None:
        try:
            return (await obstore.head_async(self._store, key))["size"]
        except FileNotFoundError:
            return None


def _sound_start(head: bytes, fetched: Fetched) -> tuple[int, str]:
    found = sound_start(head[:HEAD_BYTES])
    if found is None:
        what = "is no audio file of a known kind" if head else "is empty"
        raise NotAudio(f"{fetched.file_name} {what}")
    return found


def _key(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def _sync(root: Path, key: str) -> None:
    """Make a new file and its folders outlive a power cut, which obstore leaves to chance."""
    path = root / key
    for name in (path, *path.parents[: len(Path(key).parts)]):
        number = os.open(name, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _unavailable(error: Exception) -> StoreUnavailable:
    # The text of obstore's errors is a dump with addresses in it.
    log.warning(
        "recordings_unavailable",
        error=type(error).__name__,
        cause=error.strerror if isinstance(error, OSError) else None,
    )
    return StoreUnavailable("the store of recordings does not answer")
