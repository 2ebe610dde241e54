"""Row 5: calls a second through all stages while these do nothing, beside the bare cost of the rows they write."""

import asyncio
import contextlib
import json
import time
import uuid
from collections.abc import AsyncIterator
from datetime import date
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

import asyncpg
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import run_pb2
from potok.coordinator.v1.coordinator_service_pb2_grpc import CoordinatorServiceStub
from potok.status.v1 import stage_pb2

from benchmarks.arena import Arena, an_arena, connected, watching_load
from benchmarks.no_op import made_up
from benchmarks.traffic import SETTINGS
from deploy.local.postgres import free_port
from services.coordinator.state.order import ORDER
from services.kernel.postgres import open_pool
from services.stage.adapters.upstream import PAGE
from services.stage.domain import Execution, Limits
from services.stage.repository import execution_rows, item_rows
from services.stage.repository.item_rows import EndedItem
from services.status.domain import (
    ClientSettings,
    DateRange,
    ExecutionNumber,
    ExecutionState,
    ItemState,
    Owner,
    RunId,
    RunMode,
    Stage,
)
from services.status.mapping import date_range_to_pb
from tests.identity import environment_of, identity_told

if TYPE_CHECKING:  # the generated code has it for type checkers only
    from potok.coordinator.v1.coordinator_service_pb2_grpc import CoordinatorServiceAsyncStub

CALLS = 5_000
DAYS = DateRange(start=date(2026, 11, 2), end=date(2026, 11, 8))
ROUNDS = 3
MUST = 500
SERVICES = {
    "call_sync": {Stage.CALL_SYNC: 20},
    "transcription": {Stage.TRANSCRIPTION: 20},
    "analysis": {Stage.ANALYSIS: 20},
    "recommendations": {Stage.RECOMMENDATIONS: 100, Stage.REPORTING: 50},
}
"""The schema of each process, and its stages with the items in a job; real speech and language models have one."""
LIMITS = Limits()
PATIENCE = 120
_LOOK = 0.1


async def main() -> None:
    """Measure both in one run and print the calls a second."""
    async with an_arena() as arena:
        with watching_load() as bare_load:
            bare = median([await _bare(arena, number) for number in range(ROUNDS)])
    async with an_arena() as arena, a_pipeline(arena) as stub:
        await _run(stub, "warm")
        with watching_load() as load:
            ours = median([await _run(stub, f"client{number}") for number in range(ROUNDS)])
    print(f"{CALLS} calls on {len(DAYS.days)} days, {len(ORDER)} stages, median of {ROUNDS}")
    print(f"rows alone {bare:8,.0f} calls/s   {bare_load}")
    print(f"pipeline   {ours:8,.0f} calls/s   {load}; {load.ours / load.seconds:.2f} cores of ours")
    print(f"ratio {ours / bare:.2f}; {ours:,.0f}/s (must {MUST})")


async def _bare(arena: Arena, number: int) -> float:
    """Write the items of all stages by the stages' own statements, and nothing else; returns calls a second."""
    seconds = 0.0
    for service, stages in SERVICES.items():
        async with open_pool(arena.addresses[f"{service}_system"], LIMITS.concurrency) as pool:
            for stage, batch in stages.items():
                execution = an_execution(len(ORDER) * number + ORDER.index(stage), stage)
                async with pool.acquire() as connection:
                    await execution_rows.insert_execution(connection, execution)
                started = time.perf_counter()
                await _write(pool, execution, batch)
                seconds += time.perf_counter() - started
    return CALLS / seconds


async def _write(pool: asyncpg.Pool, execution: Execution, batch: int) -> None:
    """Take all items page by page, then claim and end them job by job, as many at a time as a stage does."""
    async with pool.acquire() as connection:
        for start in range(0, CALLS, PAGE):
            page = made_up(execution, range(start, min(start + PAGE, CALLS)))
            await item_rows.take_items(connection, execution, page, range(len(page)))
    ended = partial(EndedItem, execution=execution, state=ItemState.SUCCESS, consumed=True)
    jobs = iter(range(0, CALLS, batch))

    async def work() -> None:
        async with pool.acquire() as connection:
            for start in jobs:
                found = made_up(execution, range(start, min(start + batch, CALLS)))
                claimed = await item_rows.claim_items(
                    connection, execution, [each.item_id for each in found], LIMITS.lease
                )
                assert len(claimed) == len(found)
                await item_rows.end_items(connection, [ended(item=each.item) for each in claimed])

    await asyncio.gather(*(work() for _ in range(LIMITS.concurrency)))


def an_execution(number: int, stage: Stage) -> Execution:
    """Return an execution over all days, of an owner of its own."""
    return Execution(
        number=ExecutionNumber(number),
        stage=stage,
        run_id=RunId(str(uuid.UUID(int=number))),
        owner=Owner(f"client:bare{number}"),
        mode=RunMode.PENDING,
        range=DAYS,
        settings=ClientSettings(
            time_zone="UTC", source="", playbook="", language="ru", min_success_ratio=0, weight=1
        ),
        state=ExecutionState.DISPATCHED,
        discovered=False,
    )


@contextlib.asynccontextmanager
async def a_pipeline(arena: Arena) -> AsyncIterator["CoordinatorServiceAsyncStub"]:
    """Run a coordinator and the four services, a process each; yields a stub of the coordinator."""
    coordinator = f"127.0.0.1:{free_port()}"
    listen = {service: f"127.0.0.1:{free_port()}" for service in SERVICES}
    addresses = {
        stage.value: listen[service] for service, stages in SERVICES.items() for stage in stages
    }
    async with contextlib.AsyncExitStack() as stack:
        settings = {
            **environment_of(arena, "coordinator"),
            "POTOK_COORDINATOR_LISTEN": coordinator,
            "POTOK_COORDINATOR_STAGES": json.dumps(
                addresses | {Stage.TASKS.value: listen["recommendations"]}
            ),
            "POTOK_COORDINATOR_BOT_STATUS": coordinator,  # there are no bots
        }
        await stack.enter_async_context(arena.server("services.coordinator", settings))
        for service, stages in SERVICES.items():
            settings = {
                **{
                    f"POTOK_NO_OP_{name}": value
                    for name, value in identity_told(arena, service).items()
                },
                "POTOK_NO_OP_LISTEN": listen[service],
                "POTOK_NO_OP_COORDINATOR": coordinator,
                "POTOK_NO_OP_SERVICE": service,
                "POTOK_NO_OP_STAGES": json.dumps({each.value: n for each, n in stages.items()}),
                "POTOK_NO_OP_ADDRESSES": json.dumps(addresses),
                "POTOK_NO_OP_CALLS": str(CALLS),
            }
            await stack.enter_async_context(arena.server("benchmarks.no_op", settings))
        for address in listen.values():
            await (await connected(address)).close()
        channel = await stack.enter_async_context(await connected(coordinator))
        yield CoordinatorServiceStub(channel)


async def _run(stub: "CoordinatorServiceAsyncStub", client_id: str) -> float:
    """Run all stages for a new client; returns the calls a second by the coordinator's clock."""
    client = run_pb2.Client(client_id=client_id, settings=SETTINGS)
    await stub.SetClient(pb.SetClientRequest(client=client))
    started = await stub.StartRun(
        pb.StartRunRequest(client_id=client_id, range=date_range_to_pb(DAYS))
    )
    request = pb.GetRunRequest(run_id=started.run.status.run_id)
    async with asyncio.timeout(PATIENCE):
        while True:
            run = (await stub.GetRun(request)).run
            if run.status.HasField("end_time"):
                break
            await asyncio.sleep(_LOOK)
    assert run.status.state == stage_pb2.RUN_STATE_COMPLETED, run.status
    assert all(each.progress.items.success == CALLS for each in run.stages), run.stages
    took = run.status.end_time.ToDatetime() - run.status.create_time.ToDatetime()
    return CALLS / took.total_seconds()


if __name__ == "__main__":
    asyncio.run(main())
