"""Row 4: how long a status over a range takes with a thousand calls and with a million, beside the least of RPCs."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import asyncpg
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import run_pb2
from potok.coordinator.v1.coordinator_service_pb2_grpc import CoordinatorServiceStub

from benchmarks.arena import Arena, an_arena, connected, watching_load
from benchmarks.latency import percentiles
from benchmarks.traffic import SETTINGS, a_coordinator
from services.coordinator.state.order import ORDER
from services.status.domain import DateRange
from services.status.mapping import STAGE_TO_PB, date_range_to_pb
from tests.fakes.stage_services import FakeStages

if TYPE_CHECKING:  # the generated code has it for type checkers only
    from potok.coordinator.v1.coordinator_service_pb2_grpc import CoordinatorServiceAsyncStub

FEW, MANY = 1_000, 1_000_000
"""Calls of a client on the days that are asked for."""
OTHERS = 50
"""Clients beside each, with as many days in the ledger, so that it is worth an index."""
START = date(2025, 12, 1)
RANGES = (
    DateRange(start=START, end=START + timedelta(days=29)),
    DateRange(start=START, end=START + timedelta(days=365)),
)
ROUNDS, WARM = 500, 50
RATIO = 1.5
MOST_MS = 5.0

ITEMS = """
INSERT INTO items (stage, owner, item_id, day, execution, attempt, state, reason, upstream, input, output, seen)
SELECT 'TRANSCRIPTION', $1, 'amocrm-' || lpad(n::text, 20, '0'), $2::date + n % $3, 1, 1,
       CASE WHEN n % 50 = 0 THEN 'FAILED' WHEN n % 20 = 0 THEN 'SKIPPED' ELSE 'SUCCESS' END,
       CASE WHEN n % 50 = 0 THEN 'BAD_AUDIO' WHEN n % 20 = 0 THEN 'NO_RECORDING' END,
       1, 1, CASE WHEN n % 50 = 0 OR n % 20 = 0 THEN 0 ELSE 1 END, 1
  FROM generate_series(0, $4 - 1) AS n
"""
COUNTS = """
SELECT day, count(*) FILTER (WHERE state = 'SUCCESS') AS success, count(*) FILTER (WHERE state = 'FAILED') AS failed,
       count(*) FILTER (WHERE state = 'SKIPPED') AS skipped
  FROM items WHERE stage = 'TRANSCRIPTION' AND owner = $1 AND day BETWEEN $2 AND $3 GROUP BY day
"""
LEDGER = """
INSERT INTO coordinator.ledger (owner, stage, day, version, pending, processing, success, failed, skipped, available,
                                input, output, covered_at)
SELECT $1, stage, day, 1, 0, 0, success, failed, skipped, success, 1, 1, now()
  FROM unnest($2::text[]) AS stage,
       unnest($3::date[], $4::bigint[], $5::bigint[], $6::bigint[]) AS d (day, success, failed, skipped)
"""

Ask = Callable[[], Awaitable[Any]]


async def main() -> None:
    """Print p50 and p99 of each RPC over each range, with few and with many calls."""
    async with an_arena() as arena, a_coordinator(arena, FakeStages()) as (address, _):
        channel = await connected(address)
        stub = CoordinatorServiceStub(channel)
        for days in RANGES:
            await _compare(arena, stub, days)
        await channel.close()


async def _compare(arena: Arena, stub: "CoordinatorServiceAsyncStub", days: DateRange) -> None:
    length = len(days.days)
    print(f"-- {length} days, {FEW:,} and {MANY:,} calls")
    few, many = f"few{length}", f"many{length}"
    for client_id, calls in ((few, FEW), (many, MANY)):
        await stub.SetClient(
            pb.SetClientRequest(client=run_pb2.Client(client_id=client_id, settings=SETTINGS))
        )
        counting = await _fill(arena, client_id, days, calls)
    asked: dict[str, Ask] = {}
    for client_id in (few, many):
        asked[f"GetClient {client_id}"] = partial(
            stub.GetClient, pb.GetClientRequest(client_id=client_id)
        )
        asked[f"GetRangeStatus {client_id}"] = partial(
            stub.GetRangeStatus,
            pb.GetRangeStatusRequest(
                client_id=client_id,
                stage=STAGE_TO_PB[ORDER[-1]],
                range=date_range_to_pb(days),
            ),
        )
        asked[f"GetLedger {client_id}"] = partial(
            stub.GetLedger, pb.GetLedgerRequest(client_id=client_id, range=date_range_to_pb(days))
        )
    with watching_load() as load:
        took = await _measure(asked)
    for method in ("GetClient", "GetRangeStatus", "GetLedger"):
        least, most = took[f"{method} {few}"], took[f"{method} {many}"]
        print(
            f"{method:14} p50 {least[0]:5.2f} and {most[0]:5.2f} ms   p99 {least[1]:5.2f} and {most[1]:5.2f} ms   "
            f"ratio {most[0] / least[0]:.2f} and {most[1] / least[1]:.2f}"
        )
    print(
        f"must: ratio {RATIO}, p99 {MOST_MS} ms; counting the calls of one stage instead: {counting:.0f} ms"
    )
    print(load)


async def _fill(arena: Arena, client_id: str, days: DateRange, calls: int) -> float:
    """Store the calls of a stage and the ledger of all; returns how long it took to count them, in ms."""
    owner = f"client:{client_id}"
    connection = await asyncpg.connect(arena.addresses["transcription_system"])
    try:
        await connection.execute(ITEMS, owner, days.start, len(days.days), calls)
        started = time.perf_counter()
        counted = await connection.fetch(COUNTS, owner, days.start, days.end)
        counting = 1000 * (time.perf_counter() - started)
    finally:
        await connection.close()
    connection = await asyncpg.connect(arena.addresses["coordinator_system"])
    try:
        for each in [owner, *(f"client:{client_id}_{number}" for number in range(OTHERS))]:
            await connection.execute(
                LEDGER,
                each,
                [stage.value for stage in ORDER],
                *(
                    [row[name] for row in counted]
                    for name in ("day", "success", "failed", "skipped")
                ),
            )
    finally:
        await connection.close()
    return counting


async def _measure(asked: Mapping[str, Ask]) -> dict[str, tuple[float, float]]:
    """Ask in turns, one at a time, so that what disturbs one disturbs all; returns p50 and p99 in ms."""
    delays: dict[str, list[float]] = {name: [] for name in asked}
    for number in range(ROUNDS + WARM):
        for name, ask in asked.items():
            started = time.perf_counter()
            await ask()
            if number >= WARM:
                delays[name].append(time.perf_counter() - started)
    return {name: percentiles(each) for name, each in delays.items()}


if __name__ == "__main__":
    asyncio.run(main())
