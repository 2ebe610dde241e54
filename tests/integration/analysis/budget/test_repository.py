"""The contract of RunUsages, for Postgres and for the fake; and what only the database does."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.analysis.budget.ports import RunUsages
from services.analysis.budget.repository import PostgresRunUsages
from services.llm.domain import NOTHING_USED, CostLimitReached, Usage
from services.status.domain import Cost, Owner, RunId
from tests.builders.analysis import CLINIC
from tests.conftest import Database
from tests.fakes.analysis import FakeRunUsages
from tests.identity import everything, seen_by
from tests.waiting import until

RUN, OTHER = RunId("r1"), RunId("r2")
TEN = Cost(amount=10, currency="USD")
HOUR = timedelta(hours=1)


def used(cost: float | None, requests: int = 1) -> Usage:
    return Usage(
        requests=requests,
        prompt_tokens=100 * requests,
        completion_tokens=10 * requests,
        cost=None if cost is None else Cost(amount=cost, currency="USD"),
    )


@pytest.fixture(params=["fake", "postgres"])
async def usages(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[RunUsages]:
    if request.param == "fake":
        yield FakeRunUsages()
        return
    async with database.pool("analysis_system") as pool:
        yield PostgresRunUsages(pool, everything(pool))


async def reserve(
    usages: RunUsages,
    least: float,
    most: float,
    *,
    run: RunId = RUN,
    owner: Owner = CLINIC,
    lifetime: timedelta = HOUR,
) -> float | None:
    reservation = await usages.reserve(
        owner, run, least=least, most=most, cap=TEN, lifetime=lifetime
    )
    return reservation.amount if reservation else None


async def test_the_most_is_set_apart_while_it_is_there(usages: RunUsages) -> None:
    assert await reserve(usages, 1, 4) == 4
    assert await reserve(usages, 1, 4) == 4
    assert await reserve(usages, 1, 4) == 2
    assert await reserve(usages, 1, 4) is None


async def test_what_is_settled_counts_and_the_rest_comes_back(usages: RunUsages) -> None:
    first = await usages.reserve(CLINIC, RUN, least=1, most=10, cap=TEN, lifetime=HOUR)
    assert await reserve(usages, 1, 1) is None

    await usages.settle(CLINIC, RUN, first, used(3, requests=2))

    assert await reserve(usages, 1, 10) == 7
    assert await usages.get_usage(CLINIC, RUN) == used(3, requests=2)


async def test_what_can_never_fit_is_refused_and_says_what_to_do(usages: RunUsages) -> None:
    await usages.settle(CLINIC, RUN, None, used(9.5))

    with pytest.raises(CostLimitReached):
        await reserve(usages, 1, 4)
    assert await reserve(usages, 0.5, 4) == 0.5


async def test_runs_and_owners_do_not_share_what_they_may_cost(usages: RunUsages) -> None:
    await usages.settle(CLINIC, RUN, None, used(10))

    assert await reserve(usages, 1, 10, run=OTHER) == 10
    assert await reserve(usages, 1, 10, owner=Owner("client:other")) == 10
    assert await usages.get_usage(CLINIC, OTHER) == NOTHING_USED


async def test_what_runs_used_adds_up_with_and_without_prices(usages: RunUsages) -> None:
    await usages.settle(CLINIC, RUN, None, used(None))
    assert await usages.get_usage(CLINIC, RUN) == used(None)

    await usages.settle(CLINIC, RUN, None, used(2))

    assert await usages.get_usage(CLINIC, RUN) == used(2, requests=2)


async def test_many_at_a_time_never_get_more_than_the_cap(database: Database) -> None:
    async with (
        database.pool("analysis_system") as one,
        database.pool("analysis_system") as other,
    ):
        processes = (
            PostgresRunUsages(one, everything(one)),
            PostgresRunUsages(other, everything(other)),
        )

        granted = await asyncio.gather(
            *(reserve(processes[n % 2], 1, 1.5) for n in range(20)), return_exceptions=True
        )

    amounts = [amount for amount in granted if isinstance(amount, float)]
    assert sum(amounts) == 10
    assert len(amounts) == 7
    assert {amount for amount in granted if not isinstance(amount, float)} == {None}


async def test_what_a_process_that_died_had_set_apart_comes_back_in_time(
    database: Database,
) -> None:
    async with database.pool("analysis_system") as pool:
        usages = PostgresRunUsages(pool, everything(pool))
        assert await reserve(usages, 1, 10, lifetime=timedelta(milliseconds=100)) == 10
        amount = await until(lambda: reserve(usages, 1, 10), "the reservation has ended")

        assert amount == 10
        assert await pool.fetchval("SELECT count(*) FROM analysis.reservations") == 1


async def test_the_refusal_names_the_setting(database: Database) -> None:
    async with database.pool("analysis_system") as pool:
        usages = PostgresRunUsages(pool, everything(pool))
        await usages.settle(CLINIC, RUN, None, used(9.5))
        with pytest.raises(
            CostLimitReached,
            match=r"the run has cost 9\.50 of 10\.00 USD and this call may cost 1\.0000: retry it in "
            "a new run, .* or raise POTOK_ANALYSIS_RUN_COST_CAP first",
        ):
            await reserve(usages, 1, 4)


@pytest.mark.parametrize("least", [10.01, 250.0])
async def test_a_call_that_no_run_can_pay_for_is_not_advised_to_be_retried(
    database: Database, least: float
) -> None:
    async with database.pool("analysis_system") as pool:
        usages = PostgresRunUsages(pool, everything(pool))
        with pytest.raises(
            CostLimitReached, match=f"no retry can pass, raise .*_CAP to at least {least:.6g} first"
        ):
            await reserve(usages, least, least)


async def test_a_reader_for_users_sees_its_owners_only(database: Database) -> None:
    async with database.pool("analysis_system") as pool:
        for owner in (CLINIC, Owner("client:other")):
            await PostgresRunUsages(pool, everything(pool)).settle(owner, RUN, None, used(1))
            await reserve(PostgresRunUsages(pool, everything(pool)), 1, 1, owner=owner)

    async with database.pool("analysis_app") as pool:
        assert await PostgresRunUsages(pool, seen_by(pool)).get_usage(CLINIC, RUN) == NOTHING_USED
        async with seen_by(pool, CLINIC)() as connection:
            for table in ("run_usages", "reservations"):
                seen = await connection.fetch(f"SELECT owner FROM analysis.{table}")
                assert [row["owner"] for row in seen] == [CLINIC]
