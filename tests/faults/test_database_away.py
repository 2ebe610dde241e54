"""Postgres goes away, freezes, fills up, takes no changes: who calls is told so, and all goes on by itself."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from potok.bot_status.v1 import bot_status_service_pb2 as bots_pb
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import run_pb2, watch_pb2
from potok.coordinator.v1 import watch_events_service_pb2 as events_pb
from potok.coordinator.v1.watch_events_service_pb2_grpc import WatchEventsServiceStub
from potok.stage.v1 import stage_service_pb2 as stage_pb
from potok.stage.v1.stage_service_pb2_grpc import StageServiceStub
from potok_client.cli.exits import ExitCode
from structlog.testing import capture_logs

from services.coordinator.commit import lanes
from services.kernel import presence
from services.kernel.postgres import open_pool
from services.stage.app import stage_service
from tests.bot_status import ANNA, outside
from tests.builders.bot_status import MEETING_URL
from tests.command_line import potok
from tests.conftest import Database
from tests.coordination import RANGE, SETTINGS, Coordination, Replica, a_report, coordination
from tests.fakes.coordinator import FakeCoordinator, serving_coordinator
from tests.fakes.stage_work import (
    FakeStage,
    a_run_request,
    found,
    quick_settings,
    serving_stage,
)
from tests.identity import client_environment, identity, open_channel
from tests.link import Link, linked
from tests.refusals import reason_of, refusal
from tests.waiting import until

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
SERVING = health_pb2.HealthCheckResponse.SERVING


@pytest.fixture
async def behind(database: Database) -> AsyncIterator[tuple[Link, Database]]:
    async with linked(database) as found:
        yield found


@pytest.fixture
def link(behind: tuple[Link, Database]) -> Link:
    return behind[0]


@pytest.fixture
async def world(behind: tuple[Link, Database]) -> AsyncIterator[Coordination]:
    async with coordination(behind[1]) as world:
        yield world


@pytest.fixture
async def replica(world: Coordination, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Replica]:
    """A replica that notices soon that its database is away."""
    monkeypatch.setattr(presence.Presence.__init__, "__kwdefaults__", QUICK)
    monkeypatch.setattr(lanes, "COMMAND_SECONDS", 0.2)
    async with world.replica() as replica:
        yield replica


QUICK = {"interval": presence.INTERVAL / 20, "patience": presence.PATIENCE / 20}


def calls_of(replica: Replica) -> list[Any]:
    """Return a call of each kind: reads, changes, a preview."""
    stub = replica.stub
    client = run_pb2.Client(client_id="other", settings=SETTINGS)
    run_id = "3b241101-e2bb-4255-8caf-4136c566a962"
    return [
        stub.GetClient(pb.GetClientRequest(client_id="clinic")),
        stub.ListRuns(pb.ListRunsRequest()),
        stub.GetRun(pb.GetRunRequest(run_id=run_id)),
        stub.GetLedger(pb.GetLedgerRequest(client_id="clinic", range=RANGE)),
        stub.SetClient(pb.SetClientRequest(client=client)),
        replica.start(),
        stub.CancelRun(pb.CancelRunRequest(run_id=run_id)),
        stub.RetryFailed(pb.RetryFailedRequest(run_id=run_id)),
    ]


async def health_of(replica: Replica) -> int:
    health: Any = health_pb2_grpc.HealthStub(replica.channel)
    return int((await health.Check(health_pb2.HealthCheckRequest())).status)


async def until_healthy(replica: Replica, *, healthy: bool) -> None:
    async def as_wished() -> bool:
        return (await health_of(replica) == SERVING) is healthy

    await until(as_wished, f"health says {healthy}")


async def until_it_starts(replica: Replica) -> run_pb2.Run:
    """Start a run as a caller does who tries again while that is worth it."""

    async def started() -> run_pb2.Run | None:
        try:
            return (await replica.start()).run
        except grpc.aio.AioRpcError as error:
            if error.code() is not UNAVAILABLE:
                raise
            return None

    return await until(started, "a run starts")


async def test_every_call_says_that_the_database_is_away_and_works_once_it_is_back(
    link: Link, replica: Replica
) -> None:
    with capture_logs() as logs:
        await link.cut()
        errors = [await refusal(call) for call in calls_of(replica)]
        await until_healthy(replica, healthy=False)
        errors += [await refusal(call) for call in calls_of(replica)]
        await link.open()
        await until_healthy(replica, healthy=True)
        await until_it_starts(replica)
    assert {error.code() for error in errors} == {UNAVAILABLE}
    assert {error.details() for error in errors} == {
        "the database does not answer: try again in a moment"
    }
    assert {reason_of(error) for error in errors} == {"DATABASE_AWAY"}
    events = [line["event"] for line in logs]
    assert events.count("database_away") == events.count("database_back") == 1
    assert not [line for line in logs if line["log_level"] == "error"]


async def test_what_a_frozen_database_holds_up_ends_in_time_with_the_reason(
    link: Link, replica: Replica
) -> None:
    link.freeze()
    await until_healthy(replica, healthy=False)
    errors = await asyncio.gather(*map(refusal, calls_of(replica)))
    link.thaw()
    await until_healthy(replica, healthy=True)
    await until_it_starts(replica)
    assert {error.code() for error in errors} == {UNAVAILABLE}
    assert {"the database does not answer" in (error.details() or "") for error in errors} == {True}


@pytest.mark.parametrize("cut", [True, False])
async def test_a_coordinator_ends_though_its_database_does_not_answer(
    link: Link, world: Coordination, cut: bool
) -> None:
    async with world.replica() as replica:
        calls = [asyncio.ensure_future(call) for call in calls_of(replica)]
        if cut:
            await link.cut()
        link.freeze()
    link.thaw()
    await asyncio.gather(*calls, return_exceptions=True)


@pytest.mark.parametrize("cut", [True, False])
async def test_a_stage_service_ends_though_its_database_does_not_answer(
    behind: tuple[Link, Database], cut: bool
) -> None:
    link, there = behind
    dsn = there.dsn("transcription_system")
    stage = FakeStage(items={"client:a": found("1")})
    stage.go_on.clear()
    async with (
        serving_coordinator(FakeCoordinator()) as address,
        open_pool(dsn, 8) as pool,
        stage_service(
            "transcription", pool, [stage], quick_settings(dsn, address), identity("transcription")
        ) as port,
        open_channel(f"127.0.0.1:{port}") as channel,
    ):
        await StageServiceStub(channel).RunStage(a_run_request())
        await stage.started.wait()
        if cut:
            await link.cut()
        link.freeze()
    link.thaw()


async def test_a_watch_ends_with_its_token_and_goes_on_without_a_gap(
    link: Link, replica: Replica
) -> None:
    watcher = replica.watch(heartbeat_seconds=1)
    await watcher.until(watch_pb2.FRAME_KIND_SNAPSHOT_END)
    execution = (await replica.start()).run.stages[0].execution
    await watcher.revision(1)
    await link.cut()
    end = await watcher.until(watch_pb2.FRAME_KIND_END)
    ended = await refusal(watcher.frame())
    refused = replica.watch(resume_token=end.resume_token)
    again = await refused.frame()
    await link.open()
    await until_healthy(replica, healthy=True)
    resumed = replica.watch(resume_token=end.resume_token)
    await replica.reporter().send(a_report(execution, 1, success=1))
    await resumed.until(watch_pb2.FRAME_KIND_CHANGES)
    assert end.end_reason == again.end_reason == watch_pb2.END_REASON_UNAVAILABLE
    assert end.resume_token == again.resume_token == watcher.token
    assert ended.code() is UNAVAILABLE
    assert "the database does not answer" in (ended.details() or "")
    trailers = dict(ended.trailing_metadata() or ())
    assert trailers["potok-resume-token"] == end.resume_token
    assert resumed.revisions[0] == watcher.revisions[-1] + 1


@contextlib.asynccontextmanager
async def administrator(database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.dsn("postgres"))
    try:
        yield connection
    finally:
        await connection.close()


async def test_after_a_failover_writes_go_on_though_sessions_stay_read_only(
    database: Database, link: Link, replica: Replica
) -> None:
    """A session learns at its beginning that it is read-only, and keeps that: only a new one may write again."""
    set_ = f'ALTER DATABASE "{database.name}"'
    async with administrator(database) as admin:
        await admin.execute(f"{set_} SET default_transaction_read_only = on")
        link.break_off()
        refused = await refusal(replica.start())
        reads = await replica.stub.GetClient(pb.GetClientRequest(client_id="clinic"))
        await until_healthy(replica, healthy=False)
        await admin.execute(f"{set_} RESET default_transaction_read_only")
    await until_healthy(replica, healthy=True)
    await until_it_starts(replica)
    client = run_pb2.Client(client_id="another", settings=SETTINGS)
    await replica.stub.SetClient(pb.SetClientRequest(client=client))
    assert refused.code() is UNAVAILABLE
    assert "read-only" in (refused.details() or "")
    assert reads.client.client_id == "clinic"


REASONS = {
    "53100": "the disk of the database is full",
    "53300": "the database has no connection left",
    "57P01": "the database stops",
    "58030": "the database cannot use its files",
}


@pytest.mark.parametrize("state", REASONS)
async def test_a_change_that_cannot_be_stored_says_why_and_the_next_one_is(
    database: Database, replica: Replica, state: str
) -> None:
    async with administrator(database) as admin:
        await admin.execute(
            f"""
            CREATE FUNCTION coordinator.fail() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$;
            GRANT EXECUTE ON FUNCTION coordinator.fail() TO PUBLIC;
            CREATE TRIGGER fail BEFORE INSERT ON coordinator.log
            FOR EACH STATEMENT EXECUTE FUNCTION coordinator.fail();
            """
        )
        refused = await refusal(replica.start())
        await admin.execute("DROP TRIGGER fail ON coordinator.log")
    await until_it_starts(replica)
    assert refused.code() is UNAVAILABLE
    assert (refused.details() or "").startswith(REASONS[state])


async def test_the_command_line_says_so_and_ends_with_its_code(
    link: Link, replica: Replica
) -> None:
    await link.cut()
    done = await potok("runs", environment=client_environment(replica.address))
    await link.open()
    assert done.code == ExitCode.UNREACHABLE
    assert "the database does not answer" in done.err


async def test_what_is_said_of_a_bot_meanwhile_is_to_be_said_again(
    behind: tuple[Link, Database], tmp_path: Path
) -> None:
    link, there = behind
    async with outside(there, tmp_path) as world, world.replica() as replica:
        await link.cut()
        said = bots_pb.KeepMediaRequest(owner=ANNA, text="Анна: всё успели записать")
        ended = bots_pb.ObserveBotRequest(bot_id="b", raw_status="ended")
        wish = bots_pb.StartBotRequest(
            owner=ANNA, meet_url=MEETING_URL, bot_name="Bot", request_id="r"
        )
        bots = replica.bots
        errors = [
            await refusal(call)
            for call in (bots.KeepMedia(said), bots.ObserveBot(ended), bots.StartBot(wish))
        ]
        await link.open()
        kept = await bots.KeepMedia(said)
    assert {error.code() for error in errors} == {UNAVAILABLE}
    assert kept.bot_id


async def test_browsers_get_the_end_of_a_watch_that_cannot_begin(
    link: Link, replica: Replica
) -> None:
    stub = WatchEventsServiceStub(replica.channel)
    request = events_pb.WatchEventsRequest(client_ids=["clinic"], resume_token="seen")
    await link.cut()
    events = [body.data.decode() async for body in stub.WatchEvents(request)]
    await link.open()
    (begin, end) = events
    assert begin.startswith("retry: ")
    assert "id: seen" in end
    assert "END_REASON_UNAVAILABLE" in end


async def test_a_stage_service_goes_on_after_the_database_was_away(
    behind: tuple[Link, Database],
) -> None:
    link, there = behind
    stage = FakeStage(items={"client:a": found("1", "2", "3")})
    async with serving_stage(there.dsn("transcription_system"), stage) as served:
        await link.cut()
        errors = [
            await refusal(served.stub.RunStage(a_run_request())),
            await refusal(served.stub.CancelStage(stage_pb.CancelStageRequest(execution=8))),
        ]
        await link.open()
        await served.stub.RunStage(a_run_request())
        report = await served.coordinator.until_ended(7)
    assert {error.code() for error in errors} == {UNAVAILABLE}
    assert report.progress.items.success == 3
