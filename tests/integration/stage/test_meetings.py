"""Executions of meetings: one item of a bot's, beside others of the same owner and day."""

from datetime import date
from typing import Any

from potok.stage.v1 import stage_service_pb2 as pb

from services.stage.adapters.upstream import discover_upstream
from services.status.domain import RunMode, Stage
from services.status.mapping import STAGE_TO_PB
from tests.conftest import Database
from tests.fakes.stage_work import DAY, FakeStage, Served, a_run_request, found, serving_stage

ROLE = "transcription_system"
OWNER = "user:anna"


async def run(served: Served, stage: FakeStage, execution: int, *bot_ids: str) -> Any:
    """Run the execution of the first bot, whose discovery lists the items of all that are named."""
    stage.items[OWNER] = found(*bot_ids)
    await served.stub.RunStage(
        a_run_request(execution, owner=OWNER, mode=RunMode.ALL, bot_id=bot_ids[0])
    )
    return await served.coordinator.until_ended(execution)


async def items(served: Served, *, available: bool = False) -> list[str]:
    request = pb.ListItemsRequest(
        owner=OWNER,
        stage=STAGE_TO_PB[Stage.TRANSCRIPTION],
        range=a_run_request().range,
        available=available,
    )
    return [item.item_id for item in (await served.stub.ListItems(request)).items]


async def test_the_meetings_of_a_day_leave_one_another_alone(database: Database) -> None:
    stage = FakeStage()
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await run(served, stage, 7, "bot-1")
        await run(served, stage, 8, "bot-2")
        assert await items(served) == ["bot-1", "bot-2"]
    assert stage.forgotten == []
    assert stage.stored == ["bot-1", "bot-2"]
    assert stage.finished == [7, 8]


async def test_a_meeting_is_no_part_of_the_ledger(database: Database) -> None:
    stage = FakeStage()
    async with serving_stage(database.dsn(ROLE), stage) as served:
        report = await run(served, stage, 7, "bot-1")
        reports = served.coordinator.of(7)
        days = await served.pool.fetchval("SELECT count(*) FROM days")
    assert report.progress.items.success == 1
    assert not any(each.days for each in reports)
    assert days == 0


async def test_a_meeting_that_is_gone_goes_with_its_result_and_no_other(database: Database) -> None:
    stage = FakeStage()
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await run(served, stage, 7, "bot-1")
        await run(served, stage, 8, "bot-2")
        stage.items[OWNER] = []
        await served.stub.RunStage(a_run_request(9, owner=OWNER, mode=RunMode.ALL, bot_id="bot-2"))
        await served.coordinator.until_ended(9)
        assert await items(served) == ["bot-1"]
    assert stage.forgotten == ["bot-2"]


async def test_the_stage_after_takes_the_meeting_of_its_bot_alone(database: Database) -> None:
    stage = FakeStage()
    seen: list[tuple[str, date, int]] = []

    class After(FakeStage):
        upstream: Any = None

        async def discover(self, execution: Any) -> Any:
            async for page in discover_upstream(self.upstream, execution, Stage.TRANSCRIPTION):
                seen.extend((item.item_id, item.day, item.upstream) for item in page)
                yield page

    after = After(stage=Stage.ANALYSIS)
    async with serving_stage(database.dsn(ROLE), stage, after) as served:
        after.upstream = served.stub
        await run(served, stage, 7, "bot-1")
        await run(served, stage, 8, "bot-2")
        request = a_run_request(9, owner=OWNER, mode=RunMode.ALL, bot_id="bot-1")
        request.stage = STAGE_TO_PB[Stage.ANALYSIS]
        await served.stub.RunStage(request)
        await served.coordinator.until_ended(9)
    assert seen == [("bot-1", DAY, 7)]
    assert after.worked == [f"{OWNER}/bot-1"]


async def test_a_meeting_is_run_again_in_place_of_its_older_result(database: Database) -> None:
    stage = FakeStage()
    async with serving_stage(database.dsn(ROLE), stage) as served:
        await run(served, stage, 7, "bot-1")
        await run(served, stage, 8, "bot-1")
        assert await items(served, available=True) == ["bot-1"]
        assert (await served.item("bot-1"))["output"] == 8
    assert stage.worked == [f"{OWNER}/bot-1"] * 2
