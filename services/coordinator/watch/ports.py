"""What the watch needs of the rooms above it."""

from collections.abc import Collection
from typing import Protocol

from services.coordinator.state.bot import BotId
from services.status.domain import RunId
from services.status.identity import Caller


class RunSelection(Protocol):
    """Knows clients and runs."""

    async def watch_topics(
        self, client_ids: Collection[str], run_ids: Collection[RunId]
    ) -> frozenset[str]:
        """Return the topics of the runs; raises NotFound for clients or runs that the caller does not see."""


class BotSelection(Protocol):
    """Knows bots."""

    async def check_bots(self, caller: Caller, bot_ids: Collection[BotId]) -> None:
        """Raise NotFound or Forbidden unless the caller may see the bots."""
