"""The walk over the ring that all who follow the log share."""

import asyncio

import pytest

from services.coordinator.commit.group import Entry
from services.coordinator.watch import hub as hub_module
from services.coordinator.watch.domain import Filter
from services.coordinator.watch.follower import Follower, News
from services.coordinator.watch.hub import Hub
from services.status.domain import Owner

RUN = Filter(everything=False, topics=frozenset({"run"}))


def entries(*topics: str) -> list[Entry]:
    return [Entry(Owner("client:a"), topic, b"", "x") for topic in topics]


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_a_follower_begins_at_the_head_and_gets_what_matches_after_it() -> None:
    hub = Hub()
    hub.publish(1, entries("run"))
    with Follower(hub) as follower:
        hub.publish(2, entries("other", "run", "run"))
        news, changes = await follower.next_of(RUN, now() + 5)
        hub.publish(5, entries("other"))

        assert (news, [change.revision for change in changes]) == (News.CHANGES, [3, 4])
        assert await follower.next_of(RUN, now()) == (News.NOTHING, [])
        assert follower.cursor == 5


async def test_who_falls_out_of_the_ring_is_told_once_and_goes_on_from_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub_module, "RING_CHANGES", 4)
    hub = Hub()
    with Follower(hub) as follower:
        hub.publish(1, entries(*["run"] * 10))

        assert (await follower.next_of(RUN, now() + 5))[0] is News.MISSED
        assert (await follower.next_of(RUN, now()))[0] is News.NOTHING


async def test_who_has_fallen_out_of_the_ring_waits_for_the_turn_of_its_cohort(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub_module, "RING_CHANGES", 4)
    monkeypatch.setattr(Hub, "_step", lambda _self: None)
    hub = Hub()
    with Follower(hub) as follower:
        hub.publish(1, entries(*["run"] * 10))

        assert (await follower.next_of(RUN, now() + 5))[0] is News.MISSED
        assert (await follower.next_of(RUN, now()))[0] is News.NOTHING


async def test_a_drain_wakes_whoever_waits_and_whoever_comes() -> None:
    hub = Hub()
    with Follower(hub) as follower:
        waiting = asyncio.create_task(follower.next_of(RUN, now() + 60))
        await asyncio.sleep(0)
        hub.drain()
        async with asyncio.timeout(5):
            assert await waiting == (News.DRAINING, [])
    with Follower(hub) as late:
        assert await late.next(now() + 60) is News.DRAINING


async def test_a_follower_that_has_left_holds_no_cohort() -> None:
    hub = Hub()
    with Follower(hub):
        first = hub.join()
        hub.leave(first)
    assert hub.join() is not first
