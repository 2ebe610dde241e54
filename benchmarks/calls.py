"""How long it takes to list calls and to search what was said in them, beside the least of reads: one row by its key."""

import asyncio
import contextlib
import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import asyncpg
import grpc
from potok.call_sync.v1 import call_pb2, listed_call_pb2
from potok.call_sync.v1 import call_service_pb2 as pb
from potok.call_sync.v1.call_service_pb2_grpc import (
    CallServiceStub,
    add_CallServiceServicer_to_server,
)
from potok.status.v1 import stage_pb2
from potok.status.v1.progress_pb2 import DateRange

from benchmarks.arena import Arena, an_arena, connected, watching_load
from benchmarks.said import EMPLOYEES, made_calls, made_texts, vocabulary
from services.call_sync.calls.repository.listed_calls import PostgresListedCalls
from services.call_sync.calls.servicer import CallServicer
from services.call_sync.calls.usecases import Calls
from services.kernel.postgres import open_readers
from services.kernel.rpc.server import serving
from services.status.rpc.access import reading_for_caller
from tests.identity import guard

if TYPE_CHECKING:  # the generated code has it for type checkers only
    from potok.call_sync.v1.call_service_pb2_grpc import CallServiceAsyncStub

CALLS, OTHERS = 100_000, 20_000
"""Calls of the owner who asks, and of another one."""
CHUNK = 2_000
ROUNDS, WARM = 60, 6
MOST_MS = 150.0
OWNER = "client:clinic"
KEY = ("owner", "call_id", "started_at")

TEXTS = """
INSERT INTO call_sync.call_texts (owner, call_id, started_at, words, texts, speakers, begins, ends)
SELECT owner, call_id, started_at, array_to_tsvector(ARRAY[call_sync.owner_word(owner)]) || words,
       texts, array_fill('UNKNOWN'::text, ARRAY[cardinality(texts)]),
       array_fill(0::float8, ARRAY[cardinality(texts)]), array_fill(1::float8, ARRAY[cardinality(texts)])
  FROM told JOIN made_texts USING (number)
"""
MADE = """
CREATE TEMP TABLE said (number int, texts text[], words text);
CREATE TEMP TABLE told (owner text, call_id text, started_at timestamptz, number int);
"""
STEMS = """
SELECT word, (tsvector_to_array(to_tsvector('russian', word)))[1] AS stem FROM unnest($1::text[]) AS word
"""
STAGES = """
INSERT INTO call_sync.call_stages (owner, call_id, stage, state, message, output, updated_at)
SELECT owner, call_id, split_part(said, ' ', 1), split_part(said, ' ', 2), '', 1, started_at
  FROM call_sync.calls, unnest(stages) AS said
"""

Ask = Callable[[], Awaitable[Any]]


async def main() -> None:
    """Print p50 and p95 of each question, and how many reads of one row it takes as long as."""
    calls = int(sys.argv[sys.argv.index("--calls") + 1]) if "--calls" in sys.argv else CALLS
    async with an_arena() as arena:
        started = time.perf_counter()
        await _fill(arena, calls)
        print(f"{calls:,} calls made in {time.perf_counter() - started:.0f} s")
        async with _served(arena) as address:
            channel = await connected(address)
            stub: CallServiceAsyncStub = CallServiceStub(channel)
            asked = await _questions(stub)
            with watching_load() as load:
                took = await _measure(asked)
            await channel.close()
    least = took["GetCall"]
    for name, (p50, p95) in took.items():
        mark = "" if p95 < MOST_MS else "  TOO SLOW"
        print(f"{name:44} p50 {p50:6.1f}   p95 {p95:6.1f} ms   ratio {p50 / least[0]:5.1f}{mark}")
    print(f"must: p95 {MOST_MS:.0f} ms")
    print(load)


async def _fill(arena: Arena, count: int) -> None:
    keeper = await asyncpg.connect(arena.addresses["call_sync_owner"])
    connection = await asyncpg.connect(arena.addresses["call_sync_system"])
    try:
        # An index is made far faster at once than row by row.
        index = await keeper.fetchval(
            "SELECT pg_get_indexdef('call_sync.call_texts_by_word'::regclass)"
        )
        await keeper.execute("DROP INDEX call_sync.call_texts_by_word")
        await _store(connection, count)
        await keeper.execute("SET maintenance_work_mem = '512MB'")
        await keeper.execute(index)
        await keeper.execute(
            "VACUUM ANALYZE call_sync.calls, call_sync.call_texts, call_sync.call_stages"
        )
    finally:
        await connection.close()
        await keeper.close()


async def _store(connection: asyncpg.Connection, count: int) -> None:
    rows = await connection.fetch(STEMS, vocabulary(random.Random(0)))
    stems = {row["word"]: row["stem"] for row in rows}
    texts = made_texts(random.Random(0))
    await connection.execute(MADE)
    await connection.copy_records_to_table(
        "said", records=[(n, turns, _words(turns, stems)) for n, turns in enumerate(texts)]
    )
    await connection.execute(
        "CREATE TEMP TABLE made_texts AS SELECT number, texts, words::tsvector AS words FROM said"
    )
    for owner, many, seed in (("client:other", OTHERS * count // CALLS, 1), (OWNER, count, 2)):
        made = made_calls(owner, many, texts, random.Random(seed))
        while chunk := list(islice(made, CHUNK)):
            await connection.copy_records_to_table(
                "calls",
                schema_name="call_sync",
                columns=list(chunk[0].columns),
                records=[tuple(call.columns.values()) for call in chunk],
            )
            await connection.copy_records_to_table(
                "told",
                records=[
                    (*(call.columns[name] for name in KEY), call.text)
                    for call in chunk
                    if call.text is not None
                ],
            )
    await connection.execute(TEXTS)
    await connection.execute(STAGES)
    await connection.execute("UPDATE call_sync.copied_stages SET as_of = now()")


def _words(texts: list[str], stems: Mapping[str, str | None]) -> str:
    """Return the vector that to_tsvector makes, which would take it minutes for so many."""
    places: dict[str, list[str]] = {}
    for place, word in enumerate(" ".join(texts).split(), 1):
        if stem := stems[word]:
            places.setdefault(stem, []).append(str(place))
    return " ".join(f"'{stem}':{','.join(found)}" for stem, found in places.items())


@contextlib.asynccontextmanager
async def _served(arena: Arena) -> AsyncIterator[str]:
    async with open_readers(arena.addresses["call_sync_app"], 4) as readers:
        servicer = CallServicer(Calls(PostgresListedCalls(reading_for_caller(readers))))

        def register(server: grpc.aio.Server) -> None:
            add_CallServiceServicer_to_server(servicer, server)

        async with serving("127.0.0.1:0", register, services=[], guard=guard()) as port:
            yield f"127.0.0.1:{port}"


async def _questions(stub: "CallServiceAsyncStub") -> Mapping[str, Ask]:
    """Return what is asked, by name."""
    month = DateRange(start_date="2026-06-01", end_date="2026-06-30")
    asked: dict[str, Ask] = {
        "GetCall": partial(stub.GetCall, pb.GetCallRequest(owner=OWNER, call_id="amocrm-42000007"))
    }
    filters: dict[str, dict[str, Any]] = {
        "all": {},
        "a month": {"range": month},
        "an employee, incoming, answered": {
            "employee": EMPLOYEES[3],
            "direction": call_pb2.DIRECTION_INCOMING,
            "answered": True,
        },
        "a rare outcome": {"outcome": "callback"},
        "failed in analysis": {
            "stage": stage_pb2.STAGE_ANALYSIS,
            "states": [stage_pb2.ITEM_STATE_FAILED],
        },
        "scores below 40": {"max_score": 40},
        "part of a number": {"contact": "1234"},
        "a name that nobody has": {"contact": "иван"},
    }
    for name, given in filters.items():
        request = pb.ListCallsRequest(owner=OWNER, filter=listed_call_pb2.CallFilter(**given))
        asked[f"ListCalls {name}"] = partial(stub.ListCalls, request)
    asked["ListCalls all, page 100"] = partial(
        stub.ListCalls,
        await _deep(stub.ListCalls, pb.ListCallsRequest(owner=OWNER, page_size=200), 100),
    )
    asked["GetCallFacets of a year"] = partial(
        stub.GetCallFacets,
        pb.GetCallFacetsRequest(
            owner=OWNER, range=DateRange(start_date="2025-12-01", end_date="2026-11-30")
        ),
    )
    words = {
        "a word of nearly all": "приём",
        "a word of many": "скидка",
        "a rare word": "снимок -клиника",
        "two words": "имплант понедельник",
        "a phrase": '"врач сколько"',
        "either": "скидка or оплата",
        "a word of none": "синхрофазотрон",
    }
    for name, query in words.items():
        search = pb.SearchCallsRequest(owner=OWNER, query=query)
        asked[f"SearchCalls {name}"] = partial(stub.SearchCalls, search)
    for name in (
        "a month",
        "a rare outcome",
        "failed in analysis",
        "an employee, incoming, answered",
    ):
        search = pb.SearchCallsRequest(
            owner=OWNER, query="приём", filter=listed_call_pb2.CallFilter(**filters[name])
        )
        asked[f"SearchCalls a word of nearly all, {name}"] = partial(stub.SearchCalls, search)
    deep = await _deep(
        stub.SearchCalls, pb.SearchCallsRequest(owner=OWNER, query="приём", page_size=100), 50
    )
    asked["SearchCalls a word of nearly all, page 50"] = partial(stub.SearchCalls, deep)
    return asked


async def _deep(ask: Any, request: Any, pages: int) -> Any:
    """Return the request of a later page, of the usual size."""
    for _ in range(pages):
        page = await ask(request)
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    request.page_size = 0
    return request


async def _measure(asked: Mapping[str, Ask]) -> dict[str, tuple[float, float]]:
    """Ask in turns, one at a time, so that what disturbs one disturbs all; returns p50 and p95 in ms."""
    delays: dict[str, list[float]] = {name: [] for name in asked}
    for number in range(ROUNDS + WARM):
        for name, ask in asked.items():
            started = time.perf_counter()
            await ask()
            if number >= WARM:
                delays[name].append(time.perf_counter() - started)
    return {name: _percentiles(each) for name, each in delays.items()}


def _percentiles(delays: list[float]) -> tuple[float, float]:
    ordered = sorted(delays)
    return 1000 * ordered[len(ordered) // 2], 1000 * ordered[len(ordered) * 95 // 100]


if __name__ == "__main__":
    asyncio.run(main())
