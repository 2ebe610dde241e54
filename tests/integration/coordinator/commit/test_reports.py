"""What becomes of reports: verdicts, days, groups that fail, several replicas, a dense log."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import report_pb2
from potok.status.v1 import progress_pb2, stage_pb2
from potok.status.v1.event_pb2 import Change

from services.kernel.clock import utc_now
from tests.conftest import Database
from tests.coordination import (
    DAY,
    FAILED,
    PARTIAL,
    SUCCEEDED,
    Coordination,
    Replica,
    a_report,
)
from tests.waiting import PATIENCE

DUPLICATE, STALE = report_pb2.VERDICT_DUPLICATE, report_pb2.VERDICT_STALE
ILLEGAL = report_pb2.VERDICT_ILLEGAL


async def revisions(sql: asyncpg.Connection) -> list[int]:
    return [row["revision"] for row in await sql.fetch("SELECT revision FROM log ORDER BY 1")]


def verdicts(answer: list[pb.ReportVerdict]) -> list[int]:
    return [one.verdict for one in answer]


async def test_every_verdict_is_given(world: Coordination, replica: Replica) -> None:
    await replica.start(stages=[stage_pb2.STAGE_CALL_SYNC])
    execution = await world.dispatched()
    reporter = replica.reporter()

    assert await reporter.send(a_report(execution, 2, pending=2)) == []
    assert verdicts(await reporter.send(a_report(execution, 2, pending=2))) == [DUPLICATE]
    assert verdicts(await reporter.send(a_report(execution, 1, pending=3))) == [DUPLICATE]
    assert verdicts(await reporter.send(a_report(execution, 3, SUCCEEDED, pending=1))) == [ILLEGAL]
    assert await reporter.send(a_report(execution, 4, PARTIAL, failed=1, success=1)) == []
    assert verdicts(await reporter.send(a_report(execution, 5, pending=1))) == [STALE]
    assert verdicts(await reporter.send(a_report(999, 1, pending=1))) == [ILLEGAL]


async def test_the_same_content_makes_no_revision(
    world: Coordination, replica: Replica, sql: asyncpg.Connection
) -> None:
    await replica.start()
    execution = await world.dispatched()
    reporter = replica.reporter()
    await reporter.send(a_report(execution, 1, pending=2))
    before = await revisions(sql)
    same = a_report(execution, 8, pending=2)

    assert verdicts(await reporter.send(same)) == [DUPLICATE]
    assert await revisions(sql) == before
    # The sequence has moved all the same: what lies between is older.
    assert verdicts(await reporter.send(a_report(execution, 5, pending=7))) == [DUPLICATE]


async def test_an_expected_end_is_told_as_it_is_stored(
    world: Coordination, replica: Replica, sql: asyncpg.Connection
) -> None:
    """What the last event says, an RPC reads; the same content changes neither."""
    run_id = (await replica.start(stages=[stage_pb2.STAGE_CALL_SYNC])).run.status.run_id
    execution = await world.dispatched()
    reporter = replica.reporter()
    first = a_report(execution, 1, pending=8, processing=2)
    for seconds in (60, 50):
        held = first.progress.at_work.add(item_id=f"call-{seconds}")
        held.begin_time.FromDatetime(utc_now() - timedelta(seconds=seconds))
    await reporter.send(first)
    await reporter.send(
        a_report(execution, 2, pending=6, processing=2, success=2),
        a_report(execution, 3, days=(), pending=6, processing=2, success=2),
    )
    await reporter.send(a_report(execution, 4, days=(), pending=6, processing=2, success=2))
    body = await sql.fetchval("SELECT body FROM log ORDER BY revision DESC LIMIT 1")
    [told] = [e.stage for e in Change.FromString(body).events if e.HasField("stage")]
    [read] = (await replica.stub.GetRun(pb.GetRunRequest(run_id=run_id))).run.stages

    assert told == read
    assert told.HasField("expected_end_time")


async def test_rejected_reports_are_kept_for_people(world: Coordination, replica: Replica) -> None:
    run_id = (await replica.start()).run.status.run_id
    execution = await world.dispatched()
    reporter = replica.reporter()
    await reporter.send(a_report(execution, 1, SUCCEEDED, pending=4))
    await reporter.send(a_report(execution, 2, FAILED))
    await reporter.send(a_report(execution, 3, pending=1))
    request = pb.ListRejectedReportsRequest(run_id=run_id)
    kept = (await replica.stub.ListRejectedReports(request)).reports

    assert [(r.sequence, r.verdict) for r in kept] == [(3, STALE), (1, ILLEGAL)]
    assert "4 items open" in kept[1].message


async def test_days_of_an_overtaken_execution_are_taken(
    world: Coordination, replica: Replica, sql: asyncpg.Connection
) -> None:
    await replica.start(stages=[stage_pb2.STAGE_CALL_SYNC])
    execution = await world.dispatched()
    reporter = replica.reporter()
    await reporter.send(a_report(execution, 1, SUCCEEDED, success=1))
    late = progress_pb2.DayCounts(day=DAY, version=9, success=2)
    await reporter.send(a_report(execution, 2, days=(late,), pending=1))

    assert await sql.fetchval("SELECT success FROM ledger") == 2


async def test_a_faulty_report_does_not_hold_up_the_others_of_its_message(
    world: Coordination, replica: Replica, sql: asyncpg.Connection
) -> None:
    await replica.start()
    execution = await world.dispatched()
    no_day = progress_pb2.DayCounts(day="2026-99-99", version=1)
    answer = await replica.reporter().send(
        a_report(execution, 1, pending=1),
        a_report(execution, 2, pending=2, days=(no_day,)),
        a_report(execution, 3, pending=3),
    )

    assert [(v.sequence, v.verdict) for v in answer] == [(2, ILLEGAL)]
    assert await sql.fetchval("SELECT sequence FROM executions") == 3


async def test_replicas_that_report_the_same_execution_lose_nothing(
    world: Coordination, replica: Replica, sql: asyncpg.Connection
) -> None:
    async with world.replica() as other:
        watcher = other.watch()
        await replica.start()
        execution = await world.dispatched()
        reporters = [replica.reporter(), other.reporter()]
        for sequence in range(1, 61):
            report = a_report(execution, sequence, pending=100, success=sequence)
            assert await reporters[sequence % 2].send(report) == []
        seen = await revisions(sql)
        await watcher.revision(seen[-1])

    assert seen == list(range(1, len(seen) + 1))
    assert watcher.revisions == seen
    assert await sql.fetchval("SELECT sequence FROM executions") == 60
    assert await sql.fetchval("SELECT success FROM ledger") == 60


async def test_many_owners_on_two_replicas_make_one_dense_log(
    world: Coordination, replica: Replica, sql: asyncpg.Connection
) -> None:
    async with world.replica() as other:
        replicas = [replica, other]
        for n in range(12):
            await replica.set_client(f"c{n}")
        watchers = [one.watch() for one in replicas]
        await asyncio.gather(*(replicas[n % 2].start(f"c{n}") for n in range(12)))
        executions = [await world.dispatched() for _ in range(12)]

        async def report(n: int, reporter_of: Replica) -> None:
            reporter = reporter_of.reporter()
            for sequence in range(1, 21):
                reports = [a_report(e, sequence, success=sequence) for e in executions[n::4]]
                assert await reporter.send(*reports) == []

        await asyncio.gather(*(report(n, replicas[n % 2]) for n in range(4)))
        seen = await revisions(sql)
        for watcher in watchers:
            await watcher.revision(seen[-1])

    assert seen == list(range(1, len(seen) + 1))
    for watcher in watchers:
        delivered = watcher.revisions
        assert delivered == list(range(delivered[0], seen[-1] + 1))


async def test_an_app_role_sees_the_owners_it_names_and_no_others(
    replica: Replica, database: Database
) -> None:
    await replica.start()
    app = await asyncpg.connect(database.dsn("coordinator_app"))
    try:
        assert await app.fetchval("SELECT count(*) FROM runs") == 0
        async with app.transaction():
            await app.execute("SELECT set_config('potok.owners', 'client:other', true)")
            assert await app.fetchval("SELECT count(*) FROM runs") == 0
        async with app.transaction():
            await app.execute("SELECT set_config('potok.owners', 'client:clinic', true)")
            assert await app.fetchval("SELECT count(*) FROM runs") == 1
            assert await app.fetchval("SELECT count(*) FROM clients") == 1
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute("DELETE FROM runs")
    finally:
        await app.close()


async def test_an_end_that_is_told_again_with_later_counts_brings_its_days(
    world: Coordination, replica: Replica
) -> None:
    watcher = replica.watch(client_ids=["clinic"])
    run = (await replica.start(stages=[stage_pb2.STAGE_CALL_SYNC])).run
    execution = await world.dispatched()
    reporter = replica.reporter()
    await reporter.send(a_report(execution, 1, SUCCEEDED, success=1, skipped=1))
    await watcher.run_ends()
    told = len(watcher.changes)
    assert verdicts(await reporter.send(a_report(execution, 2, SUCCEEDED, success=2))) == [
        DUPLICATE
    ]
    while len(watcher.changes) == told:
        await watcher.frame()

    (event,) = watcher.changes[told].events
    assert event.day.counts.success == 2
    request = pb.ListRejectedReportsRequest(run_id=run.status.run_id)
    rejected = await replica.stub.ListRejectedReports(request)
    assert not rejected.reports


async def test_a_replica_that_stops_waits_for_nobody_who_only_reports(world: Coordination) -> None:
    async with world.replica(drain=timedelta(hours=1)) as replica:
        await replica.start()
        execution = await world.dispatched()
        assert await replica.reporter().send(a_report(execution, 1, success=1)) == []
        leave = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - leave < PATIENCE


async def test_reports_of_executions_that_nobody_knows_can_be_listed(replica: Replica) -> None:
    rejected = await replica.reporter().send(a_report(999_999, 3, pending=1))
    answer = await replica.stub.ListRejectedReports(pb.ListRejectedReportsRequest())

    assert [verdict.execution for verdict in rejected] == [999_999]
    [kept] = answer.reports
    assert (kept.execution, kept.sequence) == (999_999, 3)
    assert kept.message == "nobody knows the execution"
