"""What is copied of the stages is what they have, whatever happens on the way; over the tables of all stages."""

import contextlib
import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from services.call_sync.calls.adapters.stages import OwnStage
from services.call_sync.calls.copying import Copying
from services.call_sync.calls.domain import (
    CallText,
    CopiedTurn,
    CursorRefused,
    Findings,
    Speaker,
    StageChanges,
)
from services.call_sync.calls.repository.copies import PostgresCopies
from services.call_sync.domain import CallId
from services.call_sync.repository import PostgresCalls
from services.kernel.errors import LimitReached, UpstreamUnavailable
from services.kernel.paging import page_token
from services.status.domain import ExecutionNumber, Owner, Stage
from tests.call_scene import CLINIC, a_call_at
from tests.conftest import Database
from tests.identity import everything
from tests.waiting import until

OTHER = Owner("client:other")
SERVICE_OF = {
    Stage.CALL_SYNC: "call_sync",
    Stage.TRANSCRIPTION: "transcription",
    Stage.ANALYSIS: "analysis",
    Stage.RECOMMENDATIONS: "recommendations",
    Stage.REPORTING: "recommendations",
}
IDS = [f"c{n}" for n in range(6)]


class Killed(Exception):
    """The process that copies is no more."""


@dataclass(slots=True)
class TableStage:
    """A StageSource out of a stage's own tables, two items a page; `calm` may raise between pages."""

    pool: Any
    stage: Stage
    calm: Callable[[], None] = lambda: None

    async def list_changes(self, cursor: str) -> StageChanges:
        self.calm()
        return await OwnStage(self.pool, self.stage, 2).list_changes(cursor)


@dataclass(slots=True)
class Results:
    """Transcripts and analyses that say by which execution they were made, as the items of the stage have it."""

    pool: Any
    stage: Stage
    calm: Callable[[], None] = lambda: None

    async def _outputs(self, owner: Owner, call_ids: Sequence[CallId]) -> dict[CallId, int]:
        self.calm()
        rows = await self.pool.fetch(
            "SELECT item_id, output FROM items WHERE stage = $1 AND owner = $2"
            " AND item_id = ANY ($3) AND output > 0",
            self.stage.value,
            owner,
            call_ids,
        )
        return {CallId(row["item_id"]): row["output"] for row in rows}

    async def get_texts(self, owner: Owner, call_ids: Sequence[CallId]) -> list[CallText]:
        return [
            CallText(call_id=call_id, language="ru", turns=[_turn(f"вышло {output}")])
            for call_id, output in (await self._outputs(owner, call_ids)).items()
        ]

    async def get_findings(self, owner: Owner, call_ids: Sequence[CallId]) -> list[Findings]:
        return [
            Findings(call_id=call_id, outcome=f"made by {output}")
            for call_id, output in (await self._outputs(owner, call_ids)).items()
        ]


def _turn(text: str) -> CopiedTurn:
    return CopiedTurn(speaker=Speaker.UNKNOWN, start_seconds=0, end_seconds=1, text=text)


@dataclass(slots=True)
class World:
    """All stages with their tables, and processes that copy."""

    database: Database
    pools: "dict[str, asyncpg.Pool[asyncpg.Record]]"

    @property
    def pool(self) -> "asyncpg.Pool[asyncpg.Record]":
        return self.pools["call_sync"]

    def copying(self, stage: Stage, calm: Callable[[], None] = lambda: None) -> Copying:
        """Return what a process copies a stage with."""
        pool = self.pools[SERVICE_OF[stage]]
        results = Results(pool, stage, calm)
        return Copying(
            stage,
            PostgresCopies(self.pool),
            TableStage(pool, stage, calm),
            texts=results if stage is Stage.TRANSCRIPTION else None,
            findings=results if stage is Stage.ANALYSIS else None,
        )

    async def turn(self, stage: Stage, calm: Callable[[], None] = lambda: None) -> None:
        """Take a turn, whenever the next one is due."""
        await self.pool.execute("UPDATE call_sync.copied_stages SET turn_at = now()")
        await self.copying(stage, calm).turn()

    async def put(self, stage: Stage, call_id: str, owner: Owner = CLINIC, **item: Any) -> None:
        """Have a stage say where a call is."""
        state, output = item.get("state", "SUCCESS"), item.get("output", 1)
        await self.pools[SERVICE_OF[stage]].execute(
            """
            INSERT INTO items (stage, owner, item_id, day, execution, state, reason, message, output, seen, lease_until)
            VALUES ($1, $2, $3, '2026-03-01', 1, $4, $5, $6, $7, 1, CASE WHEN $4 = 'PROCESSING' THEN now() END)
            ON CONFLICT (stage, owner, item_id) DO UPDATE
               SET state = excluded.state, reason = excluded.reason, message = excluded.message,
                   output = excluded.output, lease_until = excluded.lease_until
            """,
            stage.value,
            owner,
            call_id,
            state,
            "INTERNAL" if state in ("FAILED", "SKIPPED") else None,
            f"{state} of {output}",
            output,
        )

    async def remove(self, stage: Stage, call_id: str, owner: Owner = CLINIC) -> None:
        """Have a stage have a call no more."""
        async with (
            self.pools[SERVICE_OF[stage]].acquire() as connection,
            connection.transaction(),
        ):
            await connection.execute(
                "DELETE FROM items WHERE stage = $1 AND owner = $2 AND item_id = $3",
                stage.value,
                owner,
                call_id,
            )
            await connection.execute(
                "INSERT INTO removed_items (stage, owner, item_id) VALUES ($1, $2, $3)"
                " ON CONFLICT (stage, owner, item_id) DO UPDATE SET changed_in = excluded.changed_in",
                stage.value,
                owner,
                call_id,
            )

    async def sources(self) -> dict[tuple[str, str], Any]:
        """Return what the stages have of the calls that there are, joined."""
        joined: dict[tuple[str, str], Any] = {}
        for call in await self.pool.fetch("SELECT owner, call_id FROM call_sync.calls"):
            joined[call["owner"], call["call_id"]] = ({}, "", "")
        for stage, service in SERVICE_OF.items():
            rows = await self.pools[service].fetch(
                "SELECT * FROM items WHERE stage = $1", stage.value
            )
            for row in rows:
                key = row["owner"], row["item_id"]
                if key not in joined:
                    continue
                states, text, outcome = joined[key]
                states[stage.value] = (row["state"], row["message"], row["output"])
                if stage is Stage.TRANSCRIPTION and row["output"]:
                    text = f"вышло {row['output']}"
                if stage is Stage.ANALYSIS and row["output"]:
                    outcome = f"made by {row['output']}"
                joined[key] = states, text, outcome
        return joined

    async def copied(self) -> dict[tuple[str, str], Any]:
        """Return the same out of the copy."""
        calls = await self.pool.fetch(
            "SELECT calls.*, texts.texts, texts.started_at AS said_at FROM call_sync.calls"
            " LEFT JOIN call_sync.call_texts AS texts USING (owner, call_id)"
        )
        stages = await self.pool.fetch("SELECT * FROM call_sync.call_stages")
        copied: dict[tuple[str, str], Any] = {}
        for call in calls:
            states = {
                row["stage"]: (row["state"], row["message"], row["output"])
                for row in stages
                if (row["owner"], row["call_id"]) == (call["owner"], call["call_id"])
            }
            # A call that is listed again is not told its stages before the change of its item has come.
            told = call["stages"] == sorted(f"{stage} {said[0]}" for stage, said in states.items())
            assert call["said_at"] in (None, call["started_at"])
            text = " ".join(call["texts"] or [])
            found = (states, text, call["outcome"]) if told else None
            copied[call["owner"], call["call_id"]] = found
        return copied

    async def agrees(self) -> bool:
        """Take a turn of each stage; tell whether the copy is what they have."""
        for stage in SERVICE_OF:
            await self.turn(stage)
        return await self.copied() == await self.sources()


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with contextlib.AsyncExitStack() as stack:
        services = set(SERVICE_OF.values())
        yield World(
            database,
            {
                service: await stack.enter_async_context(database.pool(f"{service}_system"))
                for service in services
            },
        )


async def list_call(world: World, call_id: str, minutes: int = 0, owner: Owner = CLINIC) -> None:
    calls = PostgresCalls(world.pool, everything(world.pool))
    await calls.upsert_calls(owner, ExecutionNumber(1), [a_call_at(call_id, minutes)])


async def forget_call(world: World, call_id: str, owner: Owner = CLINIC) -> None:
    async with world.pool.acquire() as connection, connection.transaction():
        calls = PostgresCalls(world.pool, everything(world.pool))
        await calls.delete_calls(connection, owner, [CallId(call_id)])
    await world.remove(Stage.CALL_SYNC, call_id, owner)


@pytest.mark.parametrize("seed", range(6))
async def test_the_copy_is_what_the_stages_have_whatever_happens(world: World, seed: int) -> None:
    chance = random.Random(seed)

    def calm() -> None:
        if chance.random() < 0.25:
            raise Killed

    for number in range(1, 60):
        stage, call_id = chance.choice([*SERVICE_OF]), chance.choice(IDS)
        owner = chance.choice([CLINIC, OTHER])
        match chance.randrange(8):
            case 0:
                await list_call(world, call_id, chance.randrange(9), owner)
                await world.put(Stage.CALL_SYNC, call_id, owner, output=number)
            case 1:
                await forget_call(world, call_id, owner)
            case 2:
                await world.remove(stage, call_id, owner)
            case 3 | 4 | 5:
                state = chance.choice(["PENDING", "PROCESSING", "SUCCESS", "FAILED", "SKIPPED"])
                output = number if state == "SUCCESS" else chance.choice([0, number])
                await world.put(stage, call_id, owner, state=state, output=output)
            case _:
                with contextlib.suppress(Killed):
                    await world.turn(stage, calm)

    await until(world.agrees, "the copy is what the stages have")


async def test_two_processes_that_copy_at_once_copy_everything_once(world: World) -> None:
    for call_id in IDS:
        await list_call(world, call_id)
        await world.put(Stage.CALL_SYNC, call_id)
        await world.put(Stage.TRANSCRIPTION, call_id)
    pool = world.pools["transcription"]
    copies, source = PostgresCopies(world.pool), TableStage(pool, Stage.TRANSCRIPTION)

    async def listed() -> StageChanges | None:
        page = await source.list_changes("")
        return page if page.changes else None

    page = await until(listed, "the items are listed")
    assert await copies.copy_changes(Stage.TRANSCRIPTION, "", page)
    assert not await copies.copy_changes(Stage.TRANSCRIPTION, "", page)
    await until(world.agrees, "the copy is what the stages have")


async def test_whose_turn_it_is_is_one_process_until_it_has_died(world: World) -> None:
    copies = PostgresCopies(world.pool)

    assert await copies.take_turn(Stage.ANALYSIS, timedelta(minutes=1)) == ""
    assert await copies.take_turn(Stage.ANALYSIS, timedelta(minutes=1)) is None
    await copies.end_turn(Stage.ANALYSIS, timedelta(0), None)
    assert await copies.take_turn(Stage.ANALYSIS, timedelta(minutes=1)) == ""


async def test_a_transaction_that_stays_open_holds_changes_back_and_loses_none(
    world: World,
) -> None:
    for call_id in ("c0", "c1"):
        await list_call(world, call_id)
        await world.put(Stage.CALL_SYNC, call_id)
    await until(world.agrees, "the copy is what the stages have")
    async with world.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(
            "UPDATE items SET state = 'FAILED', reason = 'INTERNAL' WHERE item_id = 'c0'"
        )
        await world.put(Stage.CALL_SYNC, "c1", output=2)
        changed_at = await world.pool.fetchval("SELECT now()")
        await world.turn(Stage.CALL_SYNC)

        held = await world.copied()
        as_of = await world.pool.fetchval(
            "SELECT as_of FROM call_sync.copied_stages WHERE stage = 'CALL_SYNC'"
        )
        await transaction.commit()

    assert held[CLINIC, "c1"][0]["CALL_SYNC"][2] == 1
    assert as_of < changed_at
    await until(world.agrees, "the copy is what the stages have")
    assert (await world.copied())[CLINIC, "c0"][0]["CALL_SYNC"][0] == "FAILED"


async def test_a_stage_that_is_away_delays_its_own_part_alone(world: World) -> None:
    def away() -> None:
        raise UpstreamUnavailable("analysis: does not answer")

    await list_call(world, "c0")
    for stage in SERVICE_OF:
        await world.put(stage, "c0")
    with pytest.raises(UpstreamUnavailable):
        await world.turn(Stage.ANALYSIS, away)

    async def transcribed() -> bool:
        await world.turn(Stage.TRANSCRIPTION)
        text: str = (await world.copied())[CLINIC, "c0"][1]
        return text == "вышло 1"

    await until(transcribed, "the other stage is copied")
    await until(world.agrees, "the copy is what the stages have")


@pytest.mark.parametrize("stage", [Stage.TRANSCRIPTION, Stage.ANALYSIS])
async def test_a_result_that_a_busy_service_refuses_is_copied_later(
    world: World, stage: Stage
) -> None:
    async def refused() -> bool:
        asked = iter([None])

        def busy() -> None:
            if (
                next(asked, LimitReached) is LimitReached
            ):  # the changes were given, the result is not
                raise LimitReached("call_sync has 200 calls here", reason="TOO_MANY_CALLS")

        try:
            await world.turn(stage, busy)
        except LimitReached:
            return True
        return False  # whatever else runs on the server holds the change back

    await list_call(world, "c0")
    await world.turn(Stage.CALL_SYNC)
    await world.put(stage, "c0")
    await until(refused, "the result is asked for")

    await until(world.agrees, "the copy is what the stages have")
    [(_, text, outcome)] = (await world.copied()).values()
    assert text + outcome


async def test_a_stage_whose_database_was_restored_is_copied_anew(world: World) -> None:
    await list_call(world, "c0")
    await world.put(Stage.CALL_SYNC, "c0")
    await until(world.agrees, "the copy is what the stages have")
    ahead = replace(
        await TableStage(world.pool, Stage.CALL_SYNC).list_changes(""),
        cursor=page_token(
            "ListItemChanges CALL_SYNC", (2**62, "", "", "2026-03-01T00:00:00+00:00")
        ),
    )
    cursor = await world.pool.fetchval(
        "SELECT cursor FROM call_sync.copied_stages WHERE stage = 'CALL_SYNC'"
    )
    assert await PostgresCopies(world.pool).copy_changes(Stage.CALL_SYNC, cursor, ahead)

    await world.turn(Stage.CALL_SYNC)
    assert (await world.copied())[CLINIC, "c0"][0] == {}
    assert not await world.pool.fetchval(
        "SELECT as_of FROM call_sync.copied_stages WHERE stage = 'CALL_SYNC'"
    )
    await until(world.agrees, "the copy is what the stages have")


async def test_a_copy_that_was_not_whole_for_a_month_is_made_anew(world: World) -> None:
    for call_id in ("c0", "c1"):
        await list_call(world, call_id)
        await world.put(Stage.ANALYSIS, call_id)
    await until(world.agrees, "the copy is what the stages have")
    change = await world.pools["analysis"].fetchval("SELECT pg_current_xact_id()::text::bigint")
    old = (await world.pool.fetchval("SELECT now()")) - timedelta(days=30)
    await world.pool.execute(
        "UPDATE call_sync.copied_stages SET cursor = $1 WHERE stage = 'ANALYSIS'",
        page_token("ListItemChanges ANALYSIS", (change, "", "", old.isoformat())),
    )
    # What was removed meanwhile is forgotten by now.
    await world.pools["analysis"].execute("DELETE FROM items WHERE item_id = 'c1'")

    await until(world.agrees, "the copy is what the stages have")
    assert (await world.copied())[CLINIC, "c1"] == ({}, "", "")


async def test_a_stage_that_refuses_the_beginning_is_not_begun_again_and_again(
    world: World,
) -> None:
    def refused() -> None:
        raise CursorRefused("stage: is not served here")

    with pytest.raises(CursorRefused):
        await world.turn(Stage.ANALYSIS, refused)

    due = await world.pool.fetchval(
        "SELECT turn_at > now() FROM call_sync.copied_stages WHERE stage = 'ANALYSIS'"
    )
    assert due
