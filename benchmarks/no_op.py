"""A stage service whose stages do nothing with a call but say that it is done.

Run as a program: settings come from POTOK_NO_OP_…
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import uvloop
from potok.stage.v1.stage_service_pb2_grpc import StageServiceStub
from pydantic_settings import SettingsConfigDict

from services.coordinator.state.order import stage_before
from services.kernel.log import configure_logging
from services.kernel.postgres import open_pool
from services.kernel.rpc.client import channel_to
from services.kernel.rpc.server import until_stopped
from services.kernel.settings import load_settings
from services.stage.adapters.upstream import PAGE, discover_upstream
from services.stage.app import stage_service
from services.stage.domain import Execution, Found, Item, ItemId, Limits, Outcome, Success
from services.stage.ports import Transaction
from services.stage.settings import StageSettings
from services.status.domain import ClientSettings, Owner, SettingFault, Stage
from services.status.rpc.access import identity_of

if TYPE_CHECKING:  # the generated code has it for type checkers only
    from potok.stage.v1.stage_service_pb2_grpc import StageServiceAsyncStub


class NoOpSettings(StageSettings):
    """The settings of the program: POTOK_NO_OP_…."""

    model_config = SettingsConfigDict(env_prefix="POTOK_NO_OP_")

    service: str
    """The schema."""
    stages: dict[Stage, int]
    """The stages it serves, each with the number of items in a job."""
    addresses: dict[Stage, str]
    """`host:port` of each stage's service."""
    calls: int
    """The number of calls that the first stage lists, spread over the days of the run."""


class NoOpWork:
    """Implements StageWork; `upstream` is the StageService of the stage before; the first lists `calls` made-up ones."""

    def __init__(
        self, stage: Stage, batch: int, calls: int, upstream: "StageServiceAsyncStub"
    ) -> None:
        self.stage = stage
        self.limits = Limits(batch=batch)
        self._calls = calls
        self._upstream = upstream

    async def discover(self, execution: Execution) -> AsyncIterator[Sequence[Found]]:
        before = stage_before(self.stage)
        if before is None:
            for start in range(0, self._calls, PAGE):
                yield made_up(execution, range(start, min(start + PAGE, self._calls)))
            return
        async for page in discover_upstream(self._upstream, execution, before):
            yield page

    def preview(self, execution: Execution) -> AsyncIterator[Sequence[Found]]:
        return self.discover(execution)

    async def check_settings(self, settings: ClientSettings) -> Sequence[SettingFault]:
        """Return nothing: the stage goes by no setting."""
        del settings
        return ()

    def estimate(self, settings: ClientSettings, duration_seconds: float | None) -> None:
        del settings, duration_seconds

    async def work(self, execution: Execution, items: Sequence[Item]) -> Sequence[Outcome]:
        del execution
        return [Success(item_id=item.item_id) for item in items]

    async def store(
        self, transaction: Transaction, execution: Execution, successes: Sequence[Success]
    ) -> None:
        """Do nothing: there is no result."""

    async def forget(
        self, transaction: Transaction, owner: Owner, item_ids: Sequence[ItemId]
    ) -> None:
        """Do nothing, as above."""

    async def discard(
        self, transaction: Transaction, owner: Owner, item_ids: Sequence[ItemId]
    ) -> None:
        """Do nothing, as above."""

    async def finish(self, execution: Execution) -> None:
        """Do nothing, as above."""


def made_up(execution: Execution, numbers: range) -> list[Found]:
    """Return calls by their numbers, with ids as long as real ones, in turn on each day of the range."""
    days = execution.range.days
    return [
        Found(item_id=ItemId(f"amocrm-{number:020}"), day=days[number % len(days)], upstream=1)
        for number in numbers
    ]


async def main() -> None:
    """Serve and work until asked to stop."""
    settings = load_settings(NoOpSettings)
    configure_logging(settings.service)
    identity = identity_of(settings.service, settings)
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(
            open_pool(settings.database_url.get_secret_value(), settings.pool_size)
        )
        works = []
        for stage, batch in settings.stages.items():
            address = settings.addresses[stage_before(stage) or stage]
            channel = await stack.enter_async_context(channel_to(address, identity.signer.token))
            works.append(NoOpWork(stage, batch, settings.calls, StageServiceStub(channel)))
        await stack.enter_async_context(
            stage_service(settings.service, pool, works, settings, identity)
        )
        await until_stopped()


if __name__ == "__main__":
    uvloop.run(main())
