"""The changes of items that copies are kept by, over a real server and Postgres."""

import base64
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from potok.stage.v1 import stage_service_pb2 as pb
from potok.status.v1 import stage_pb2

from services.kernel.calling import calling
from services.kernel.paging import page_token
from tests.conftest import Database
from tests.fakes.stage_work import FakeStage, Served, a_run_request, found, serving_stage
from tests.waiting import until

ROLE = "transcription_system"
STAGE = stage_pb2.STAGE_TRANSCRIPTION
NAMES = [f"{number:02}" for number in range(9)]


@pytest.fixture
def stage() -> FakeStage:
    return FakeStage(items={"client:a": found(*NAMES)})


@pytest.fixture
async def served(database: Database, stage: FakeStage) -> AsyncIterator[Served]:
    async with serving_stage(database.dsn(ROLE), stage, clean_up=timedelta(seconds=0.05)) as served:
        yield served


async def run(served: Served, execution: int, **more: Any) -> None:
    await served.stub.RunStage(a_run_request(execution, **more))
    await served.coordinator.until_ended(execution)


async def pages(served: Served, cursor: str = "", size: int = 0) -> Sequence[Any]:
    """Return the pages after a cursor."""
    answers = []
    while True:
        request = pb.ListItemChangesRequest(stage=STAGE, cursor=cursor, page_size=size)
        answers.append(await served.stub.ListItemChanges(request))
        cursor = answers[-1].cursor
        if not answers[-1].more:
            return answers


async def changes(served: Served, least: int, cursor: str = "", size: int = 0) -> Sequence[Any]:
    """Return the pages after a cursor once so much is in them: what other tests do holds changes back."""

    async def enough() -> Sequence[Any] | None:
        answers = await pages(served, cursor, size)
        return answers if sum(len(page.items) for page in answers) >= least else None

    return await until(enough, f"{least} changes are listed")


def ids(answers: Sequence[Any], *, removed: bool = False) -> list[str]:
    return [each.item.item_id for page in answers for each in page.items if each.removed == removed]


async def whole(served: Served) -> datetime:
    """Return until when all is listed, once it is."""
    answers = await changes(served, len(NAMES))
    at: datetime = answers[-1].as_of_time.ToDatetime(UTC)
    return at


def cursor_of(change: int, at: datetime, item_id: str = "") -> str:
    """Return a cursor of call_sync behind a change, of a copy that was whole at a time."""
    by_call_sync = calling.set("call_sync")
    try:
        owner = "client:a" if item_id else ""
        keys = (change, owner, item_id, at.isoformat())
        return page_token("ListItemChanges TRANSCRIPTION", keys)
    finally:
        calling.reset(by_call_sync)


def whole_at(cursor: str) -> datetime:
    return datetime.fromisoformat(_keys(cursor)[4])


def _keys(cursor: str) -> list[Any]:
    keys: list[Any] = json.loads(base64.urlsafe_b64decode(cursor))
    return keys


async def refusal(served: Served, cursor: str, stage: int = STAGE) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await served.stub.ListItemChanges(
            pb.ListItemChangesRequest(stage=stage, cursor=cursor)  # type: ignore[arg-type]  # a number is a stage
        )
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    return refused.value.details() or ""


async def test_items_come_page_by_page_each_as_it_is_now_and_later_only_what_changed(
    served: Served,
) -> None:
    await run(served, 7)
    first = await changes(served, len(NAMES), size=2)

    assert sorted(ids(first)) == NAMES
    assert [len(page.items) for page in first] == [2, 2, 2, 2, 1]
    assert [page.more for page in first] == [True] * 4 + [False]
    item = first[0].items[0]
    assert (item.owner, item.item.state, item.item.output) == (
        "client:a",
        stage_pb2.ITEM_STATE_SUCCESS,
        7,
    )
    numbers = await served.pool.fetch("SELECT item_id FROM items ORDER BY changed_in, item_id")
    assert ids(first) == [row["item_id"] for row in numbers]

    cursor = first[-1].cursor
    assert ids(await pages(served, cursor)) == []
    await served.pool.execute("UPDATE items SET updated_at = now(), upstream = 3, seen = 7")
    assert ids(await pages(served, cursor)) == []
    await served.pool.execute("UPDATE items SET message = 'mended' WHERE item_id = '04'")
    [again] = await changes(served, 1, cursor)
    assert ids([again]) == ["04"]
    assert again.items[0].item.message == "mended"
    assert again.as_of_time.ToDatetime() > first[-1].as_of_time.ToDatetime()


async def test_what_was_removed_is_listed_unless_it_is_back(
    served: Served, stage: FakeStage
) -> None:
    await run(served, 7)
    before = (await changes(served, len(NAMES)))[-1].cursor
    stage.items["client:a"] = found(*NAMES[2:])
    await run(served, 8)
    gone = await changes(served, 2, before, 1)
    assert sorted(ids(gone, removed=True)) == NAMES[:2]
    assert ids(gone) == []

    stage.items["client:a"] = found(*NAMES[1:])
    await run(served, 9)
    back = await changes(served, 1, gone[-1].cursor)
    assert (ids(back), ids(back, removed=True)) == ([NAMES[1]], [])
    late = await changes(served, 2, before)
    assert (ids(late), ids(late, removed=True)) == ([NAMES[1]], [NAMES[0]])


async def test_meetings_are_in_no_changes(served: Served, stage: FakeStage) -> None:
    stage.items["user:olga"] = found("bot-1")
    await run(served, 6, owner="user:olga", bot_id="bot-1")
    await run(served, 7)
    assert sorted(ids(await changes(served, len(NAMES)))) == NAMES


async def test_a_cursor_of_something_else_is_refused(served: Served) -> None:
    await run(served, 7)
    cursor = (await changes(served, len(NAMES)))[-1].cursor
    items = await served.stub.ListItems(
        pb.ListItemsRequest(owner="client:a", stage=STAGE, range=a_run_request().range, page_size=1)
    )

    for other in (items.next_page_token, "7", cursor[:-4]):
        assert await refusal(served, other) == (
            "cursor: is not one of this stage, begin again without one"
        )
    assert "ANALYSIS" in await refusal(served, cursor, stage_pb2.STAGE_ANALYSIS)


async def test_a_cursor_ahead_of_the_database_or_older_than_what_is_kept_is_refused(
    served: Served,
) -> None:
    await run(served, 7)
    now = await whole(served)

    assert "ahead of the database" in await refusal(served, cursor_of(2**60, now))
    for days in (0, 28):
        [page] = await pages(served, cursor_of(5, now - timedelta(days=days)))
        assert sorted(ids([page])) == NAMES
    assert await refusal(served, cursor_of(5, now - timedelta(days=30))) == (
        "cursor: is too old, begin again without one"
    )


async def test_a_copy_is_as_old_as_when_it_was_whole(served: Served) -> None:
    await run(served, 7)
    now = await whole(served)
    old = now - timedelta(days=28)

    parts = await pages(served, cursor_of(5, old), 4)
    assert [whole_at(page.cursor) >= now for page in parts] == [False, False, True]
    assert whole_at(parts[0].cursor) == old
    # Nothing changes any more: it is told as seldom as it has to be that the copy is still whole.
    [idle] = await pages(served, parts[-1].cursor)
    assert idle.cursor == parts[-1].cursor
    number = int(_keys(idle.cursor)[1])
    [older] = await pages(served, cursor_of(number, now - timedelta(days=2), _keys(idle.cursor)[3]))
    assert (len(older.items), whole_at(older.cursor) >= now) == (0, True)


async def test_a_cursor_of_the_longest_names_can_be_sent(served: Served, stage: FakeStage) -> None:
    owner, name = f"client:{'a' * 63}", "n" * 128
    stage.items[owner] = found(name)
    await run(served, 7, owner=owner)

    [page] = await changes(served, 1)
    assert ids([page]) == [name]
    assert ids(await pages(served, page.cursor)) == []


async def test_what_is_known_of_removed_items_is_forgotten_after_a_month(
    served: Served, stage: FakeStage
) -> None:
    await run(served, 7)
    stage.items["client:a"] = found(*NAMES[3:])
    await run(served, 8)
    await served.pool.execute(
        "UPDATE removed_items SET removed_at = now() - interval '31 days' WHERE item_id = '00'"
    )
    await served.pool.execute(
        "UPDATE removed_items SET removed_at = now() - interval '29 days' WHERE item_id = '01'"
    )

    async def forgotten() -> bool:
        rows = await served.pool.fetch("SELECT item_id FROM removed_items ORDER BY item_id")
        return [row["item_id"] for row in rows] == NAMES[1:3]

    await until(forgotten, "what was removed first is forgotten")
