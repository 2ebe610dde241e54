"""The ports of the use cases of meetings."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Protocol

from services.bot_status.domain import Bot, BotId, IntentId
from services.bot_status.meetings.domain import Media, MeetingMedia
from services.bot_status.observing import Step
from services.recordings.domain import Fetched, Recording


class MeetingRepository(Protocol):
    """What there is of meetings."""

    async def create(self, bot: Bot, media: Media) -> Bot:
        """Store a meeting that came without a bot."""

    async def keep(self, intent_id: IntentId, media: Media, step: Callable[[Bot], Step]) -> Step:
        """Do a step with a bot and store what there is of its meeting, unless something is stored, in one transaction."""

    async def get_meeting(self, bot_id: BotId) -> MeetingMedia:
        """Return a meeting; raises MeetingNotFound."""

    async def claim_fetch(self, bot: Bot, lease: timedelta) -> bool:
        """Lease the fetching of a recording to us; returns False while somebody else has it."""

    async def renew_fetch(self, bot: Bot, lease: timedelta) -> None:
        """Lengthen the lease of a fetch."""

    async def release_fetch(self, bot: Bot) -> None:
        """End the lease of a fetch."""

    async def set_recording(self, bot: Bot, recording: Recording) -> None:
        """Note where the recording of a meeting is kept."""


class RecordingStore(Protocol):
    """Where recordings are kept under the hash of their content."""

    async def keep(self, fetched: Fetched) -> Recording:
        """Store the bytes; raises NotFetched, StoreUnavailable."""

    def read(self, recording: Recording) -> AsyncIterator[bytes]:
        """Yield the bytes in pieces of at most 256 KiB; raises RecordingNotFound, StoreUnavailable."""


class Links(Protocol):
    """The guard before links of other people."""

    def check(self, link: str) -> None:
        """Refuse what is no link; raises InvalidInput."""

    def fetch(
        self, link: str, headers: Mapping[str, str] | None = None
    ) -> AbstractAsyncContextManager[Fetched]:
        """Open a recording; `headers` go to the link's own origin only. Raises NotFetched."""
