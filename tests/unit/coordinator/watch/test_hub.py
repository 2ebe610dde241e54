"""The fan-out: every watcher gets every matching change once, in order, whenever it is woken."""

import asyncio

import pytest
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.status.v1 import event_pb2

from services.coordinator.commit.group import Entry
from services.coordinator.watch import hub as hub_module
from services.coordinator.watch.domain import Filter
from services.coordinator.watch.hub import COHORT, Hub
from services.coordinator.wire.frames import FRAME_BYTES
from services.status.domain import Owner

EVERYTHING = Filter(everything=True)


def an_entry(owner: str = "client:a", topic: str = "run", size: int = 0) -> Entry:
    return Entry(Owner(owner), topic, event_pb2.Change(actor="x" * size).SerializeToString(), "x")


def revisions(elements: bytes) -> list[int]:
    return [c.revision for c in pb.WatchStatusResponse.FromString(elements).changes]


async def test_a_hole_in_the_log_is_never_published() -> None:
    hub = Hub()
    hub.start_at(4)
    with pytest.raises(AssertionError, match="hole"):
        hub.publish(6, [an_entry()])


async def test_a_slice_holds_what_matches_and_says_how_far_it_goes() -> None:
    hub = Hub()
    hub.publish(1, [an_entry("client:a"), an_entry("client:b"), an_entry("client:a")])
    filter_ = Filter(everything=False, owners=frozenset({"client:b"}))
    found = hub.slice(filter_, 0, 3)

    assert (revisions(found.elements), found.revision) == ([2], 3)


async def test_a_run_is_matched_by_its_topic() -> None:
    hub = Hub()
    hub.publish(1, [an_entry(topic="run1"), an_entry(topic="run2")])
    found = hub.slice(Filter(everything=False, topics=frozenset({"run2"})), 0, 2)

    assert revisions(found.elements) == [2]


async def test_frames_are_bounded_and_never_split_a_change() -> None:
    hub = Hub()
    hub.publish(1, [an_entry(size=FRAME_BYTES // 3)] * 5 + [an_entry(size=FRAME_BYTES * 2)])
    cursor, frames = 0, []
    while cursor < 6:
        found = hub.slice(EVERYTHING, cursor, 6)
        frames.append(revisions(found.elements))
        cursor = found.revision

    assert frames == [[1, 2], [3, 4], [5], [6]]


async def test_the_ring_forgets_its_older_half(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "RING_CHANGES", 10)
    hub = Hub()
    hub.publish(1, [an_entry()] * 11)

    assert hub.head - hub.oldest <= 10
    assert [c.revision for c in hub.changes(hub.oldest, hub.head)] == list(
        range(hub.oldest + 1, 12)
    )


async def test_cohorts_fill_up_and_empty_ones_go() -> None:
    hub = Hub()
    cohorts = [hub.join() for _ in range(COHORT + 1)]

    assert len({id(cohort) for cohort in cohorts}) == 2
    for cohort in cohorts:
        hub.leave(cohort)
    assert hub.join() is not cohorts[0]


async def test_many_watchers_all_get_everything_in_order() -> None:
    hub = Hub()
    total = 300

    async def watch() -> list[int]:
        cohort, cursor, got = hub.join(), 0, []
        while cursor < total:
            await hub.newer(cohort, cursor)
            found = hub.slice(EVERYTHING, cursor, cohort.visible)
            got += revisions(found.elements)
            cursor = found.revision
        hub.leave(cohort)
        return got

    watchers = [asyncio.create_task(watch()) for _ in range(3 * COHORT)]
    for revision in range(1, total + 1):
        hub.publish(revision, [an_entry()])
        await asyncio.sleep(0)
    histories = await asyncio.gather(*watchers)

    assert all(history == list(range(1, total + 1)) for history in histories)


async def test_a_cancelled_watcher_takes_no_other_along() -> None:
    hub = Hub()
    cohort = hub.join()
    gone = asyncio.create_task(hub.newer(cohort, 0))
    stays = asyncio.create_task(hub.newer(cohort, 0))
    await asyncio.sleep(0)
    gone.cancel()
    hub.publish(1, [an_entry()])

    async with asyncio.timeout(5):
        await stays
