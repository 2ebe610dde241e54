"""A stage service as a process of its own, to be killed and frozen: prints what it works on, ends it when told."""

import asyncio
import os
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from services.kernel.log import configure_logging
from services.kernel.postgres import open_pool
from services.kernel.rpc.server import until_stopped
from services.stage.app import stage_service
from services.stage.domain import Execution, Item, Limits, Outcome, Success
from tests.fakes.stage_work import FakeStage, found, quick_settings
from tests.identity import identity

LIMITS = Limits(concurrency=1, lease=timedelta(seconds=1), backoff=timedelta(milliseconds=10))


class ToldStage(FakeStage):
    """Prints the items it works on, and ends them when a line comes in; stores who did it."""

    lines: asyncio.StreamReader

    async def work(self, execution: Execution, items: Sequence[Item]) -> Sequence[Outcome]:
        print("working", *[item.item_id for item in items], flush=True)  # noqa: T201
        await self.lines.readline()
        return await super().work(execution, items)

    async def store(
        self, transaction: Any, execution: Execution, successes: Sequence[Success]
    ) -> None:
        await super().store(transaction, execution, successes)
        await store_names(transaction, successes, "process")


async def store_names(transaction: Any, successes: Sequence[Success], name: str) -> None:
    """Write who made a result; the last one stays."""
    for success in successes:
        await transaction.execute(
            "INSERT INTO made VALUES ($1, $2) ON CONFLICT (item_id) DO UPDATE SET maker = $2",
            success.item_id,
            name,
        )


async def standard_input() -> asyncio.StreamReader:
    """Open the lines that come in."""
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    return reader


async def main() -> None:
    """Serve and work on three items until asked to stop."""
    configure_logging("transcription")
    dsn = os.environ["STAGE_DSN"]
    stage = ToldStage(items={"client:a": found("1", "2", "3")}, limits=LIMITS)
    stage.lines = await standard_input()
    settings = quick_settings(dsn, os.environ["STAGE_COORDINATOR"])
    async with (
        # Frozen inside a transaction, it must not keep its locks.
        open_pool(dsn, 8, idle_in_transaction_session_timeout="1s") as pool,
        stage_service("transcription", pool, [stage], settings, identity("transcription")) as port,
    ):
        print("serving", port, flush=True)  # noqa: T201
        await until_stopped()


if __name__ == "__main__":
    asyncio.run(main())
