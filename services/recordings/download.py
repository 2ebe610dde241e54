"""Downloads of recordings behind links, which lead to the hosts of other people."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from http import HTTPStatus

from services.kernel.fetch import errors
from services.kernel.fetch.fetcher import Download, Fetcher, OriginCredentials
from services.recordings.audio import HEAD_BYTES, sound_start
from services.recordings.domain import (
    AccessDenied,
    Fetched,
    FetchFailed,
    NotAllowed,
    NotAudio,
    NotFetched,
    RecordingMissing,
    RecordingNotReady,
    TooLarge,
)

LEAST_BYTES = 2048
"""A file with fewer bytes is no recording."""
_PLAIN = ("", "identity")


class Downloads:
    """Opens recordings by their links; one of more than `max_bytes` is refused.

    `private_hosts` is the name of the setting that lists hosts off the public internet.
    """

    def __init__(self, fetcher: Fetcher, *, max_bytes: int, private_hosts: str) -> None:
        self._fetcher = fetcher
        self._max_bytes = max_bytes
        self._private_hosts = private_hosts

    @contextlib.asynccontextmanager
    async def fetch(
        self, link: str, *, credentials: OriginCredentials | None = None
    ) -> AsyncIterator[Fetched]:
        """Open a recording; `credentials` go to their own origin only. Raises NotFetched.

        It is named by its host, since the last part of a link may be a signature.
        """
        with self._translated():
            async with (
                self._fetcher.get(
                    link, max_bytes=self._max_bytes, credentials=credentials
                ) as download,
                contextlib.aclosing(self._recording(download)) as chunks,
            ):
                yield Fetched(file_name=download.origin.partition("://")[2], chunks=chunks)

    async def _recording(self, download: Download) -> AsyncGenerator[bytes, None]:
        """Yield what is downloaded, provided that it begins like a recording."""
        with self._translated():
            head = b""
            async for chunk in download.chunks:
                head += chunk
                if len(head) >= HEAD_BYTES:
                    break
            if sound_start(head[:HEAD_BYTES]) is None:
                what = f"sends {download.media_type or 'something'} that is no recording"
                if download.encoding not in _PLAIN:
                    what += f", and says that it compresses it ({download.encoding[:20]})"
                raise NotAudio(f"{download.origin} {what}", may_come=True)
            if len(head) < LEAST_BYTES:
                raise NotAudio(
                    f"{download.origin} sends {len(head)} bytes, too few for a recording",
                    may_come=True,
                )
            yield head
            async for chunk in download.chunks:
                yield chunk

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except errors.FetchError as error:
            raise self._not_fetched(error) from error

    def _not_fetched(self, error: errors.FetchError) -> NotFetched:
        """Say what a failed download means for the recording."""
        text = str(error)
        match error:
            case errors.UnexpectedStatus():
                return _refused(error)
            case errors.ForbiddenAddress():
                return NotAllowed(
                    f"{text}: if recordings lie there, list {error.host} in {self._private_hosts}"
                )
            case errors.BadLink():
                return NotAllowed(text)
            case errors.BodyTooLarge():
                return TooLarge(text)
            case errors.TooManyRedirects() | errors.Encoded():
                return NotAudio(text, may_come=True)
            case _:
                return FetchFailed(text)


def _refused(error: errors.UnexpectedStatus) -> NotFetched:
    text = str(error)
    match error.status:
        case HTTPStatus.ACCEPTED | HTTPStatus.NO_CONTENT | HTTPStatus.CONFLICT:
            return RecordingNotReady(f"{text}: the recording is not ready")
        case HTTPStatus.NOT_FOUND | HTTPStatus.GONE:
            return RecordingMissing(f"{text}: the recording is not there", may_come=True)
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return AccessDenied(f"{text}: the recording is not handed out", may_come=True)
        case _:
            return FetchFailed(text, retry_after=error.retry_after or None)
