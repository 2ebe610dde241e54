"""What becomes of reports about bots: late and repeated ones, and those that come to several replicas."""

import asyncio

import asyncpg
import pytest
from potok.coordinator.v1 import report_pb2
from potok.coordinator.v1.bot_report_service_pb2_grpc import BotReportServiceStub
from potok.status.v1 import event_pb2, stage_pb2

from tests.coordination import Coordination, record


@pytest.mark.usefixtures("replica")
async def test_reports_again_late_and_impossible_change_nothing(world: Coordination) -> None:
    first = await world.bots.report("bot_123", "connected", sequence=5)
    again = await world.bots.report("bot_123", "connected", sequence=5)
    late = await world.bots.report("bot_123", "connecting", sequence=6)
    older = await world.bots.report("bot_123", "error", sequence=4, error_message="gone")
    world.bots.owners["bot_123"] = "user:boris"
    foreign = await world.bots.report("bot_123", "connected", sequence=9)

    verdicts = [each.verdict for each in (first, again, late, older, foreign)]
    assert verdicts == [
        report_pb2.VERDICT_APPLIED,
        report_pb2.VERDICT_DUPLICATE,
        report_pb2.VERDICT_STALE,
        report_pb2.VERDICT_STALE,
        report_pb2.VERDICT_ILLEGAL,
    ]
    states = {each.state for each in (first, again, late, older)}
    assert states == {stage_pb2.BOT_STATE_CONNECTED}


async def test_a_replica_sees_what_another_one_did_with_a_bot(world: Coordination) -> None:
    async with world.replica(), world.replica() as second:
        # The fake reports to the replica that came last.
        await world.bots.report("bot_123", "connecting")
        async with world.replica():
            applied = await world.bots.report("bot_123", "connected")
        world.bots.reports = None
        assert applied.verdict == report_pb2.VERDICT_APPLIED
        assert (await record(second, "bot_123"))["status"] == "connected"


async def test_replicas_that_are_told_of_a_bot_at_once_agree(
    world: Coordination, sql: asyncpg.Connection
) -> None:
    async with world.replica() as first, world.replica() as second:
        stubs = [BotReportServiceStub(each.channel) for each in (first, second)]
        said = ["initialized", "connecting", "connected", "connecting", "connected"] * 6
        verdicts = await asyncio.gather(
            *(
                world.bots.report("bot_123", status, sequence=number + 1, via=stubs[number % 2])
                for number, status in enumerate(said)
            )
        )
        known = [(await record(each, "bot_123"))["status"] for each in (first, second)]
    rows = await sql.fetch("SELECT body FROM log ORDER BY revision")
    states = [event_pb2.Change.FromString(row["body"]).events[0].bot.state for row in rows]
    applied = [each for each in verdicts if each.verdict == report_pb2.VERDICT_APPLIED]

    assert set(known) == {"connected"}
    assert states == sorted(set(states))
    assert len(applied) == len(states)
