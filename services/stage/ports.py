"""What a service gives the stage library."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Protocol

from services.stage.domain import Execution, Found, Item, ItemId, Limits, Outcome, Success
from services.status.domain import ClientSettings, Cost, Owner, SettingFault, Stage, Wait

Transaction = Any
"""An open transaction of the service's database (an asyncpg connection); opaque to the core."""


Discover = Callable[[Execution], AsyncIterator[Sequence[Found]]]
"""Yields the items of the stage before that hold a readable result."""


class StageWork(Protocol):
    """One stage. The library owns executions, items, jobs, attempts and reports; this owns the results."""

    @property
    def stage(self) -> Stage:
        """The stage."""

    @property
    def limits(self) -> Limits:
        """How much at a time, how often, how long."""

    def discover(self, execution: Execution) -> AsyncIterator[Sequence[Found] | Wait]:
        """Yield all items of the execution's range in pages, whatever the mode, and what it waits for between them.

        Raises DiscoveryFailed, DiscoveryWaits.
        """

    def preview(self, execution: Execution) -> AsyncIterator[Sequence[Found]]:
        """Yield what `discover` would, and store nothing; the execution itself is never stored."""

    async def check_settings(self, settings: ClientSettings) -> Sequence[SettingFault]:
        """Return what of the settings of a client can never work here; asks nothing outside of the service."""

    def estimate(self, settings: ClientSettings, duration_seconds: float | None) -> Cost | None:
        """Return what one item of that length costs at the most; None where that is nothing or not known."""

    async def work(self, execution: Execution, items: Sequence[Item]) -> Sequence[Outcome]:
        """Work on claimed items, one outcome each. An error fails all of them as INTERNAL, which is retryable.

        Cancelled when the execution is, when the job's time is over or when the process stops: must end its children.
        """

    async def store(
        self, transaction: Transaction, execution: Execution, successes: Sequence[Success]
    ) -> None:
        """Write results inside the transaction that ends their items; only those whose fence held come here."""

    async def forget(
        self, transaction: Transaction, owner: Owner, item_ids: Sequence[ItemId]
    ) -> None:
        """Delete the results of items that no longer exist upstream, inside the transaction that removes them."""

    async def discard(
        self, transaction: Transaction, owner: Owner, item_ids: Sequence[ItemId]
    ) -> None:
        """Delete older results of items that were SKIPPED this time, inside the transaction that says so.

        What discovery stored of the items stays.
        """

    async def finish(self, execution: Execution) -> None:
        """Do the work of the whole range after its last item, also when there are none; idempotent.

        Raises DiscoveryFailed when it cannot succeed, DiscoveryWaits when only later; any other error is tried again.
        """
