"""Wishes for bots whose start nobody saw the end of: by a lost answer, or since a process ended."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from potok.bot_status.v1 import bot_status_service_pb2 as pb

from deploy.sandbox.behaviour import Shape
from tests.bot_status import ANNA, Outside, Replica, milliseconds, outside
from tests.builders.bot_status import MEETING_URL
from tests.conftest import Database
from tests.waiting import until

ATTENDEE = {"provider": "attendee", "api_key": "key"}
WISH = pb.StartBotRequest(owner=ANNA, meet_url=MEETING_URL, bot_name="Bot", request_id="r")


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> AsyncIterator[Outside]:
    async with outside(database, tmp_path, bots_shape=Shape.ATTENDEE) as world:
        yield world


async def phases(world: Outside) -> list[str]:
    async with world.database.pool("bot_status_system") as pool:
        rows = await pool.fetch("SELECT phase FROM bot_status.bots ORDER BY created_at")
    return [row["phase"] for row in rows]


async def until_phase(world: Outside, phase: str) -> None:
    """Look until the only wish is in a phase."""

    async def holds() -> bool:
        return await phases(world) == [phase]

    await until(holds, f"the wish is {phase}")


async def cut_short(world: Outside, replica: Replica) -> "asyncio.Future[Any]":
    """Start a bot, up to where the service outside is at it."""
    world.sandbox.behave(bots_start_seconds=0.7)
    call = asyncio.ensure_future(replica.bots.StartBot(WISH))
    await world.until_asked("/api/v1/bots")
    return call


async def started(world: Outside) -> str:
    await until(world.sandbox.started_bots, "the service outside has started a bot")
    world.sandbox.behave(bots_start_seconds=0)
    return str(world.sandbox.started_bots()[0]["bot_id"])


async def test_a_caller_who_goes_away_does_not_end_the_start(world: Outside) -> None:
    async with world.replica(**ATTENDEE) as replica:
        (await cut_short(world, replica)).cancel()
        bot_id = await started(world)
        await until_phase(world, "STARTED")
        again = await replica.bots.StartBot(WISH)

    assert again.bot_id == bot_id
    assert len(world.sandbox.started_bots()) == 1


async def test_a_bot_whose_start_a_process_did_not_survive_is_taken_over(world: Outside) -> None:
    lease = {"start_lease": milliseconds(1500), "resolve": milliseconds(600_000)}
    async with world.replica(**ATTENDEE, **lease) as replica:
        (await cut_short(world, replica)).cancel()
    assert await phases(world) == ["INTENDED"]

    async with world.replica(**ATTENDEE) as replica:
        bot_id = await started(world)
        await world.coordinator.until(lambda: bot_id in world.coordinator.states)
        again = await replica.bots.StartBot(WISH)

    assert again.bot_id == bot_id
    assert len(world.sandbox.started_bots()) == 1
    assert await phases(world) == ["STARTED"]


async def test_where_nobody_can_tell_such_a_start_has_failed(world: Outside) -> None:
    world.sandbox.behave(bots_shape="plain")
    async with world.replica(start_lease=milliseconds(300)) as replica:
        (await cut_short(world, replica)).cancel()
    async with world.replica() as replica:
        await until_phase(world, "FAILED")
        world.sandbox.behave(bots_start_seconds=0)
        again = await replica.bots.StartBot(WISH)

    assert list(world.coordinator.states) == [again.bot_id]


async def test_a_bot_of_which_its_caller_was_told_that_it_failed_is_stopped(
    world: Outside,
) -> None:
    world.sandbox.behave(bots_lost_starts=1, bots_speed=0.1)
    async with world.replica(**ATTENDEE) as replica:
        with pytest.raises(grpc.aio.AioRpcError, match="no bot was started") as refused:
            await replica.bots.StartBot(WISH)
        await until_phase(world, "FAILED")
        again = await replica.bots.StartBot(WISH)

    unwanted, wanted = [bot["bot_id"] for bot in world.sandbox.started_bots()]
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert again.bot_id == wanted
    left = [r.path for r in world.sandbox.requests("/api/v1/bots") if r.path.endswith("/leave")]
    assert left == [f"/api/v1/bots/{unwanted}/leave"]
    assert list(world.coordinator.states) == [wanted]


async def test_a_service_that_is_not_where_the_settings_say_starts_no_bot_and_says_so(
    world: Outside,
) -> None:
    nowhere = f"http://{world.sandbox.bots}/elsewhere"
    async with world.replica(url=nowhere) as replica:
        for _ in range(2):
            with pytest.raises(
                grpc.aio.AioRpcError, match="is POTOK_BOT_STATUS_URL right"
            ) as error:
                await replica.bots.StartBot(WISH)
            assert error.value.code() is grpc.StatusCode.FAILED_PRECONDITION

    assert set(await phases(world)) == {"FAILED"}


async def test_a_wish_that_cannot_be_looked_for_is_given_up_and_holds_no_other_up(
    world: Outside,
) -> None:
    lease = {"start_lease": milliseconds(1500), "resolve": milliseconds(600_000)}
    async with world.replica(**ATTENDEE, **lease) as replica:
        (await cut_short(world, replica)).cancel()
    assert await phases(world) == ["INTENDED"]

    nowhere = f"http://{world.sandbox.bots}/elsewhere"
    async with world.replica(**ATTENDEE, url=nowhere):
        await until_phase(world, "FAILED")
