"""Who did what is kept with what it was done to, and read by those who may see that."""

import asyncpg
import pytest
from potok.coordinator.v1 import bot_service_pb2
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.status.v1 import audit_pb2

from tests.coordination import Coordination, Replica, calling, end_stage
from tests.identity import token
from tests.refusals import refusal

START = audit_pb2.AUDIT_ACTION_START_RUN
CANCEL = audit_pb2.AUDIT_ACTION_CANCEL_RUN
RETRY = audit_pb2.AUDIT_ACTION_RETRY_RUN
SET_CLIENT = audit_pb2.AUDIT_ACTION_SET_CLIENT
START_BOT = audit_pb2.AUDIT_ACTION_START_BOT
STOP_BOT = audit_pb2.AUDIT_ACTION_STOP_BOT
EPOCH = audit_pb2.AUDIT_ACTION_ADVANCE_EPOCH

Told = list[tuple[str, "audit_pb2.AuditAction.ValueType", str]]


async def told(replica: Replica, **filter_: str) -> Told:
    """Return who did what to what, the oldest first."""
    answer = await replica.stub.ListAuditEntries(pb.ListAuditEntriesRequest(**filter_))  # type: ignore[arg-type]
    return [(entry.actor, entry.action, entry.subject) for entry in reversed(answer.entries)]


async def test_a_run_says_who_started_cancelled_and_retried_it(
    world: Coordination, replica: Replica
) -> None:
    async with (
        calling(replica.address, token("anna", clients=["clinic"])) as anna,
        calling(replica.address, token("boris", clients=["clinic"])) as boris,
    ):
        first = (await anna.start()).run.status.run_id
        await end_stage(world, replica, failed=1)
        retry = pb.RetryFailedRequest(run_id=first)
        second = (await boris.stub.RetryFailed(retry)).run.status.run_id
        cancel = pb.CancelRunRequest(run_id=second)
        status = (await anna.stub.CancelRun(cancel)).run.status
        await anna.stub.CancelRun(cancel)  # a repeat is not told again

        assert (status.actor, status.cancelled_by) == ("boris", "anna")
        assert status.HasField("cancel_time")
        assert await told(boris, run_id=first) == [("anna", START, first)]
        assert await told(boris, run_id=second) == [
            ("boris", RETRY, second),
            ("anna", CANCEL, second),
        ]


async def test_what_was_done_outlives_the_log(replica: Replica, sql: asyncpg.Connection) -> None:
    run = (await replica.start()).run.status.run_id
    await replica.stub.CancelRun(pb.CancelRunRequest(run_id=run))
    await sql.execute("DELETE FROM coordinator.log")

    assert [action for _, action, _ in await told(replica, run_id=run)] == [START, CANCEL]


async def test_a_repeated_start_is_told_once(replica: Replica) -> None:
    run = (await replica.start(request_id="r1")).run.status.run_id
    await replica.start(request_id="r1")

    assert await told(replica, run_id=run) == [("olga", START, run)]


async def test_settings_are_told_with_what_has_changed(replica: Replica) -> None:
    client = (await replica.stub.GetClient(pb.GetClientRequest(client_id="clinic"))).client
    client.settings.weight = 7
    await replica.stub.SetClient(pb.SetClientRequest(client=client))
    await replica.stub.SetClient(pb.SetClientRequest(client=client))  # changes nothing
    request = pb.ListAuditEntriesRequest(client_id="clinic")
    newest, created = (await replica.stub.ListAuditEntries(request)).entries

    assert (newest.action, newest.subject, newest.detail) == (SET_CLIENT, "clinic", "weight 1 to 7")
    assert "source folder:" in created.detail


async def test_a_client_that_is_none_is_said_to_be_none(replica: Replica) -> None:
    error = await refusal(
        replica.stub.ListAuditEntries(pb.ListAuditEntriesRequest(client_id="nobody"))
    )
    assert error.code().name == "NOT_FOUND"
    assert (error.details() or "").startswith("client nobody does not exist")


async def test_who_begins_and_ends_a_bot_and_an_epoch_is_told(
    world: Coordination, replica: Replica
) -> None:
    await world.bots.report("bot_7", "connecting")
    await world.bots.report("bot_7", "connected")
    await replica.bots.StopBot(bot_service_pb2.StopBotRequest(bot_id="bot_7"))
    await replica.stub.AdvanceEpoch(pb.AdvanceEpochRequest())

    assert (await told(replica))[-3:] == [
        ("anna", START_BOT, "bot_7"),
        ("olga", STOP_BOT, "bot_7"),
        ("olga", EPOCH, ""),
    ]


async def test_operators_see_what_was_done_to_their_own_clients(replica: Replica) -> None:
    await replica.set_client("sales")
    foreign = (await replica.start("sales")).run.status.run_id
    async with calling(replica.address, token("anna", clients=["clinic"])) as anna:
        seen = await told(anna)
        of_a_run = await refusal(
            anna.stub.ListAuditEntries(pb.ListAuditEntriesRequest(run_id=foreign))
        )
        of_a_client = await refusal(
            anna.stub.ListAuditEntries(pb.ListAuditEntriesRequest(client_id="sales"))
        )

    assert {subject for _, _, subject in seen} == {"clinic"}
    assert (of_a_run.code().name, of_a_client.code().name) == ("NOT_FOUND", "PERMISSION_DENIED")


@pytest.mark.parametrize("size", [1, 2])
async def test_entries_come_page_by_page(replica: Replica, size: int) -> None:
    for name in ("a", "b", "c"):
        await replica.set_client(name)
    request = pb.ListAuditEntriesRequest(page_size=size)
    subjects = []
    while True:
        page = await replica.stub.ListAuditEntries(request)
        assert len(page.entries) <= size
        subjects += [entry.subject for entry in page.entries]
        request.page_token = page.next_page_token
        if not page.next_page_token:
            break

    assert subjects == ["c", "b", "a", "clinic"]
