"""What is older than what it was made from: stages of the real library, a real coordinator, one Postgres."""

from collections.abc import Callable
from datetime import timedelta

from services.stage.domain import Failure, Item, Later, Outcome, Skip
from services.status.domain import Reason, RunMode, Stage
from tests.conftest import Database
from tests.fakes.stage_chain import OWNER, chain
from tests.fakes.stage_work import DAY, found, succeed
from tests.waiting import until

CALL_SYNC, TRANSCRIPTION, ANALYSIS = Stage.CALL_SYNC, Stage.TRANSCRIPTION, Stage.ANALYSIS
RECOMMENDATIONS, REPORTING = Stage.RECOMMENDATIONS, Stage.REPORTING
CALLS = [*found("1", "2"), *found("3", day=DAY + timedelta(1))]
EVERY = ["1", "2", "3"]


def but_for(name: str, other: Callable[[Item], Outcome]) -> Callable[[Item], Outcome]:
    """Let all items succeed but one."""
    return lambda item: other(item) if item.item_id == name else succeed(item)


def fail(item: Item) -> Outcome:
    return Failure(item_id=item.item_id, reason=Reason.TIMEOUT, message="slow")


def skip(item: Item) -> Outcome:
    return Skip(item_id=item.item_id, reason=Reason.NO_SPEECH, message="silence")


def not_yet(item: Item) -> Outcome:
    return Later(
        item_id=item.item_id, reason=Reason.NO_RECORDING_YET, message="not ready", delays=()
    )


async def test_a_stage_that_is_done_again_makes_the_later_ones_stale_until_they_are_too(
    database: Database, free_port: int
) -> None:
    async with chain(database, free_port, *CALLS) as world:
        await world.run()
        assert await world.stale() == {}
        await world.run(TRANSCRIPTION, mode=RunMode.ALL)
        assert await world.stale() == {ANALYSIS: 2, RECOMMENDATIONS: 2, REPORTING: 2}
        assert (await world.status(ANALYSIS)).stale_days == 2
        assert (await world.status(TRANSCRIPTION)).stale_days == 0

        assert await world.run(ANALYSIS) == {ANALYSIS: EVERY}
        assert await world.stale() == {RECOMMENDATIONS: 2, REPORTING: 2}
        assert await world.preview(RECOMMENDATIONS) == {RECOMMENDATIONS: 3, REPORTING: 3}
        assert await world.run(RECOMMENDATIONS) == {RECOMMENDATIONS: EVERY, REPORTING: EVERY}
        assert await world.stale() == {}
        assert await world.run() == {}


async def test_a_recording_that_changed_is_taken_through_all_stages_by_the_next_run(
    database: Database, free_port: int
) -> None:
    async with chain(database, free_port, *CALLS) as world:
        await world.run()
        await world.run(CALL_SYNC, mode=RunMode.ALL)
        later = [TRANSCRIPTION, ANALYSIS, RECOMMENDATIONS, REPORTING]
        assert await world.stale() == dict.fromkeys(later, 2)
        assert await world.preview() == dict.fromkeys(later, 3)
        assert await world.run() == dict.fromkeys(later, EVERY)
        assert await world.stale() == {}


async def test_a_call_that_is_gone_is_stale_until_the_later_stages_have_forgotten_it(
    database: Database, free_port: int
) -> None:
    async with chain(database, free_port, *CALLS) as world:
        await world.run()
        world.stages[CALL_SYNC].items[OWNER] = CALLS[1:]
        await world.run(CALL_SYNC)
        ledger = await world.ledger()
        assert (ledger[TRANSCRIPTION].gone, ledger[TRANSCRIPTION].found) == (1, 3)
        assert ledger[TRANSCRIPTION].stale_days == 1
        assert await world.run() == {}
        assert await world.stale() == {}
        assert [each.found for each in (await world.ledger()).values()] == [2] * 5
        assert world.stages[REPORTING].forgotten == ["1"]


async def test_a_result_that_a_redo_takes_back_is_gone_in_the_stages_after(
    database: Database, free_port: int
) -> None:
    async with chain(database, free_port, *CALLS) as world:
        await world.run()
        world.stages[TRANSCRIPTION].outcome = but_for("3", skip)
        await world.run(TRANSCRIPTION, mode=RunMode.ALL)
        assert (await world.ledger())[ANALYSIS].gone == 1
        assert (await world.stale())[ANALYSIS] == 2
        assert (await world.run())[ANALYSIS] == ["1", "2"]
        assert await world.stale() == {}


async def test_a_result_whose_redo_failed_stays_stale_until_it_succeeds(
    database: Database, free_port: int
) -> None:
    async with chain(database, free_port, *CALLS) as world:
        await world.run()
        world.stages[ANALYSIS].outcome = but_for("3", fail)
        await world.run(TRANSCRIPTION, mode=RunMode.ALL)
        await world.run()
        ledger = await world.ledger()
        assert (ledger[ANALYSIS].failed, ledger[ANALYSIS].available) == (1, 3)
        assert await world.stale() == {ANALYSIS: 1, RECOMMENDATIONS: 1, REPORTING: 1}
        world.stages[ANALYSIS].outcome = succeed
        assert await world.run() == {ANALYSIS: ["3"], RECOMMENDATIONS: ["3"], REPORTING: ["3"]}
        assert await world.stale() == {}


async def test_a_call_that_failed_and_has_no_result_is_not_stale(
    database: Database, free_port: int
) -> None:
    async with chain(database, free_port, *CALLS) as world:
        world.stages[ANALYSIS].outcome = but_for("3", fail)
        await world.run()
        assert (await world.ledger())[ANALYSIS].failed == 1
        assert await world.stale() == {}


async def test_a_run_over_failures_alone_does_not_hide_what_is_stale(
    database: Database, free_port: int
) -> None:
    async with chain(database, free_port, *CALLS) as world:
        world.stages[ANALYSIS].outcome = but_for("1", fail)
        await world.run()
        await world.run(TRANSCRIPTION, mode=RunMode.ALL)
        world.stages[ANALYSIS].outcome = succeed
        assert await world.run(ANALYSIS, mode=RunMode.FAILED) == {ANALYSIS: ["1"]}
        assert (await world.stale())[ANALYSIS] == 2
        assert (await world.run(ANALYSIS)) == {ANALYSIS: ["2", "3"]}
        assert ANALYSIS not in await world.stale()


async def test_a_late_recording_shows_at_once_in_the_stage_after_and_is_taken_next(
    database: Database, free_port: int
) -> None:
    async with chain(database, free_port, *CALLS) as world:
        world.stages[CALL_SYNC].outcome = but_for("1", not_yet)
        await world.run()
        ledger = await world.ledger()
        assert (ledger[CALL_SYNC].skipped, ledger[TRANSCRIPTION].found) == (1, 2)
        world.stages[CALL_SYNC].outcome = succeed
        await world.pool.execute(
            "UPDATE items SET run_after = now() WHERE reason = 'NO_RECORDING_YET'"
        )

        async def shows() -> bool:
            return (await world.ledger())[TRANSCRIPTION].pending == 1

        await until(shows, "the ledger shows the late call as pending")
        ledger = await world.ledger()
        assert (ledger[CALL_SYNC].success, ledger[TRANSCRIPTION].found) == (3, 3)
        assert (await world.status(TRANSCRIPTION)).status_breakdown.pending == 1
        taken = await world.run()
        assert all(calls == ["1"] for calls in taken.values())
        assert [each.success for each in (await world.ledger()).values()] == [3] * 5
