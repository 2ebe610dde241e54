"""The guard before links, which come with callbacks and from services that hand out recordings."""

import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from services.kernel.errors import InvalidInput
from services.kernel.fetch.errors import BadLink, FetchError
from services.kernel.fetch.fetcher import Fetcher, OriginCredentials
from services.kernel.fetch.link import parse_link
from services.recordings.domain import Fetched
from services.recordings.download import Downloads

MOST_DOCUMENT_BYTES = 16 << 20


class GuardedLinks:
    """Implements Links."""

    def __init__(self, fetcher: Fetcher, downloads: Downloads) -> None:
        self._fetcher = fetcher
        self._downloads = downloads

    def check(self, link: str) -> None:
        try:
            parse_link(link)
        except BadLink as error:
            raise InvalidInput(f"audio_url: {error}") from None

    @contextlib.asynccontextmanager
    async def fetch(
        self, link: str, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[Fetched]:
        credentials = None
        if headers:
            credentials = OriginCredentials(origin=parse_link(link).origin, headers=headers)
        async with self._downloads.fetch(link, credentials=credentials) as fetched:
            yield fetched

    async def read_document(self, link: str) -> Any:
        """Return the JSON behind a link; None where it cannot be had."""
        content = bytearray()
        try:
            async with self._fetcher.get(link, max_bytes=MOST_DOCUMENT_BYTES) as download:
                async for chunk in download.chunks:
                    content += chunk
            return json.loads(content)
        except (FetchError, ValueError, RecursionError):
            return None
