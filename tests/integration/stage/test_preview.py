"""What a preview says is what a run then does, on a real Postgres; and what a preview refuses."""

import random
from datetime import timedelta
from typing import Any

import grpc
import pytest
from potok.stage.v1 import stage_service_pb2 as pb
from potok.status.v1 import stage_pb2

from services.kernel.clock import utc_now
from services.kernel.rpc.errors import error_info
from services.stage.domain import DiscoveryFailed, DiscoveryWaits, Execution, Found, ItemId, Limits
from services.stage.preview import MOST
from services.status.domain import ItemState, Reason, RunMode, WaitReason
from tests.conftest import Database
from tests.fakes.stage_work import DAY, FakeStage, Served, a_run_request, found, serving_stage

ROLE = "transcription_system"
WORLDS = 40
BEFORE = 100
"""Execution numbers up to here are of the past; those of the runs that are previewed come after."""
RUN = 1000


def a_preview_request(
    owner: str = "client:a", mode: RunMode = RunMode.PENDING, *, coming: tuple[Found, ...] = ()
) -> pb.PreviewStageRequest:
    run = a_run_request(owner=owner, mode=mode, days=3)
    return pb.PreviewStageRequest(
        owner=owner,
        stage=run.stage,
        mode=run.mode,
        range=run.range,
        settings=run.settings,
        coming=[
            pb.PreviewedItem(
                item_id=item.item_id,
                day=item.day.isoformat(),
                duration_seconds=item.duration_seconds,
            )
            for item in coming
        ],
    )


class RandomItems:
    """One owner's items, as a random past has left them, and what the stage before has and will have."""

    def __init__(self, number: int) -> None:
        chance = random.Random(number)
        self.owner = f"client:{number}"
        self.execution = RUN + number
        self.mode = chance.choice(list(RunMode))
        names = [f"{n:02}" for n in range(24)]
        days = {name: DAY + timedelta(chance.randrange(3)) for name in names}
        self.rows = [
            self._row(chance, name, days[name])
            for name in chance.sample(names, k=chance.randrange(20))
        ]
        self.covered = [DAY + timedelta(n) for n in range(3) if chance.random() < 0.6]
        self.listed = [
            Found(item_id=ItemId(name), day=days[name], upstream=chance.randrange(1, 30))
            for name in chance.sample(names, k=chance.randrange(20))
        ]
        self.coming = tuple(
            Found(item_id=ItemId(name), day=days[name]) for name in chance.sample(names, k=6)
        )

    def _row(self, chance: random.Random, name: str, day: Any) -> tuple[Any, ...]:
        state = chance.choice(list(ItemState))
        reason = None
        if state in (ItemState.FAILED, ItemState.SKIPPED):
            reason = chance.choice(list(Reason)).value
        lease = timedelta(hours=1) if state is ItemState.PROCESSING else None
        past = chance.randrange(1, BEFORE)
        return (self.owner, name, day, past, past, state.value, reason, chance.randrange(30), lease)

    async def store(self, pool: Any) -> None:
        await pool.executemany(
            "INSERT INTO items (stage, owner, item_id, day, execution, seen, state, reason, input, lease_until) "
            "VALUES ('TRANSCRIPTION', $1, $2, $3, $4, $5, $6, $7, $8, now() + $9::interval)",
            self.rows,
        )
        await pool.executemany(
            "INSERT INTO days (stage, owner, day, covered_at) VALUES ('TRANSCRIPTION', $1, $2, now())",
            [(self.owner, day) for day in self.covered],
        )

    def listed_later(self) -> list[Found]:
        """Return what the stage before has once all that is coming has succeeded."""
        later = {item.item_id: item for item in self.listed}
        for item in self.coming:
            later[item.item_id] = Found(item_id=item.item_id, day=item.day, upstream=BEFORE)
        return list(later.values())


async def test_a_run_takes_what_its_preview_said_it_would(database: Database) -> None:
    worlds = [RandomItems(number) for number in range(WORLDS)]
    stage = FakeStage(limits=Limits(batch=10, concurrency=4), page_size=7)
    async with serving_stage(database.dsn(ROLE), stage) as served:
        said: dict[str, pb.PreviewStageResponse] = {}
        for world in worlds:
            await world.store(served.pool)
            stage.items[world.owner] = world.listed
            said[world.owner] = await served.stub.PreviewStage(
                a_preview_request(world.owner, world.mode, coming=world.coming)
            )
        before = await snapshot(served)
        for world in worlds:
            stage.items[world.owner] = world.listed_later()
            await served.stub.RunStage(
                a_run_request(world.execution, owner=world.owner, mode=world.mode, days=3)
            )
        for world in worlds:
            report = await served.coordinator.until_ended(world.execution)
            taken = await served.pool.fetch(
                "SELECT item_id FROM items WHERE execution = $1 ORDER BY item_id", world.execution
            )
            answer = said[world.owner]
            assert sorted(item.item_id for item in answer.taken) == [r["item_id"] for r in taken], (
                world.owner
            )
            assert answer.unchanged == report.progress.unchanged, world.owner
    assert any(answer.taken for answer in said.values())
    assert before[1:] == (0, 0), "a preview stored something"


async def snapshot(served: Served) -> tuple[int, int, int]:
    """Return how many items there are, and how many executions and jobs."""
    row = await served.pool.fetchrow(
        "SELECT (SELECT count(*) FROM items), (SELECT count(*) FROM executions), "
        "(SELECT count(*) FROM pgqueuer)"
    )
    return tuple(row)


async def test_a_preview_says_how_long_the_calls_are_and_what_they_would_cost(
    database: Database,
) -> None:
    stage = FakeStage(
        items={
            "client:a": [
                Found(item_id=ItemId("1"), day=DAY, duration_seconds=60),
                Found(item_id=ItemId("2"), day=DAY),
            ]
        }
    )
    coming = (Found(item_id=ItemId("3"), day=DAY, duration_seconds=30),)
    async with serving_stage(database.dsn(ROLE), stage) as served:
        answer = await served.stub.PreviewStage(a_preview_request(coming=coming))
        none = await served.stub.PreviewStage(a_preview_request("client:b"))
    assert {
        item.item_id: item.duration_seconds if item.HasField("duration_seconds") else None
        for item in answer.taken
    } == {"1": 60, "2": None, "3": 30}
    assert (answer.cost.amount, answer.cost.currency) == (90, "EUR")
    assert none == pb.PreviewStageResponse()


async def test_a_preview_looks_at_so_many_items_and_says_that_there_are_more(
    database: Database,
) -> None:
    names = [str(n) for n in range(MOST + 1)]
    stage = FakeStage(items={"client:a": found(*names)}, page_size=999)
    async with serving_stage(database.dsn(ROLE), stage) as served:
        beyond = await served.stub.PreviewStage(a_preview_request())
        stage.items["client:a"].pop()
        exactly = await served.stub.PreviewStage(a_preview_request())
    assert (len(beyond.taken), beyond.more) == (MOST, True)
    assert (len(exactly.taken), exactly.more) == (MOST, False)


@pytest.mark.parametrize(
    ("reason", "code", "word"),
    [
        (Reason.SOURCE_INVALID, grpc.StatusCode.FAILED_PRECONDITION, "SOURCE_INVALID"),
        (Reason.SOURCE_UNAVAILABLE, grpc.StatusCode.UNAVAILABLE, ""),
    ],
)
async def test_a_preview_is_refused_where_the_source_refuses(
    database: Database, reason: Reason, code: grpc.StatusCode, word: str
) -> None:
    class Refused(FakeStage):
        async def discover(self, execution: Execution) -> Any:  # noqa: ARG002
            raise DiscoveryFailed(reason, "no such folder")
            yield []

    async with serving_stage(database.dsn(ROLE), Refused()) as served:
        with pytest.raises(grpc.aio.AioRpcError, match="no such folder") as refused:
            await served.stub.PreviewStage(a_preview_request())
    info = error_info(refused.value)
    assert refused.value.code() is code
    assert (info.reason if info else "") == word


async def test_a_preview_of_a_source_that_asks_to_come_back_later_says_so_and_does_not_wait(
    database: Database,
) -> None:
    class Paused(FakeStage):
        async def discover(self, execution: Execution) -> Any:  # noqa: ARG002
            raise DiscoveryWaits(WaitReason.ACCOUNT_PAUSED, utc_now() + timedelta(1), "until 12:15")
            yield []

    async with serving_stage(database.dsn(ROLE), Paused()) as served:
        with pytest.raises(grpc.aio.AioRpcError, match="until 12:15") as refused:
            await served.stub.PreviewStage(a_preview_request())
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_preview_of_what_is_not_served_or_no_date_is_invalid(database: Database) -> None:
    other = a_preview_request()
    other.stage = stage_pb2.STAGE_ANALYSIS
    undated = a_preview_request(coming=tuple(found("1")))
    undated.coming[0].day = "soon"
    async with serving_stage(database.dsn(ROLE), FakeStage()) as served:
        for request, says in ((other, "stage"), (undated, "coming.day")):
            with pytest.raises(grpc.aio.AioRpcError, match=says) as refused:
                await served.stub.PreviewStage(request)
            assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
