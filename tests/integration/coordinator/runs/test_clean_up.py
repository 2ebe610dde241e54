"""Starts and rejected reports are forgotten after their time, and no sooner."""

from typing import cast

import pytest

from services.coordinator.runs import usecases
from services.coordinator.runs.ports import RunChanges, Stages
from services.coordinator.runs.repository import PostgresRuns
from services.coordinator.runs.usecases import Runs
from services.kernel.postgres import Reading
from tests.conftest import Database


async def test_old_starts_and_old_or_too_many_rejected_reports_are_forgotten(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usecases, "REJECTED_REPORTS_A_RUN", 3)
    async with database.pool("coordinator_system") as pool:
        for hours in (1, 25):
            await pool.execute(
                "INSERT INTO requests (caller, method, request_id, parameters, run_id, at)"
                " VALUES ('me', 'StartRun', $1, '', gen_random_uuid(), now() - make_interval(hours => $2))",
                f"{hours} hours old",
                hours,
            )
        for sequence, days in enumerate((8, 1, 1, 1, 1), 1):
            await pool.execute(
                "INSERT INTO rejected_reports (run_id, owner, execution, sequence, state, verdict, message, at)"
                " VALUES ('00000000-0000-0000-0000-000000000001', 'client:c', 1, $1, 'RUNNING', 'STALE', '',"
                " now() - make_interval(days => $2))",
                sequence,
                days,
            )
        repository = PostgresRuns(pool, cast("Reading", None))
        await Runs(repository, cast("RunChanges", None), cast("Stages", None)).clean_up()

        assert await pool.fetchval("SELECT array_agg(request_id) FROM requests") == ["1 hours old"]
        kept = await pool.fetchval(
            "SELECT array_agg(sequence ORDER BY sequence) FROM rejected_reports"
        )
        assert kept == [3, 4, 5]
