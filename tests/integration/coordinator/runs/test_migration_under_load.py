"""A release changes the tables while its predecessor serves."""

import asyncio

import pytest
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import run_pb2

from tests.conftest import Database
from tests.coordination import RANGE, SETTINGS, Replica

TABLES = ("clients", "runs", "executions", "ledger", "bots")


@pytest.mark.parametrize("table", TABLES)
async def test_nobody_notices_that_a_column_is_added(
    database: Database, replica: Replica, table: str
) -> None:
    run_id = (await replica.start()).run.status.run_id
    client = run_pb2.Client(client_id="clinic", settings=SETTINGS)
    await calls(replica, run_id, client)
    async with database.pool("coordinator_owner") as pool:
        await pool.execute(f"ALTER TABLE coordinator.{table} ADD COLUMN added text")
    await calls(replica, run_id, client)


async def calls(replica: Replica, run_id: str, client: run_pb2.Client) -> None:
    """Read all kinds of rows on several connections, and change some."""
    stub = replica.stub
    ledger = pb.GetLedgerRequest(client_id="clinic", range=RANGE)
    for _ in range(2):
        await asyncio.gather(
            stub.SetClient(pb.SetClientRequest(client=client)),
            *(stub.GetRun(pb.GetRunRequest(run_id=run_id)) for _ in range(3)),
            *(stub.ListClients(pb.ListClientsRequest()) for _ in range(2)),
            stub.GetLedger(ledger),
            stub.CancelRun(pb.CancelRunRequest(run_id=run_id)),
        )
