"""Waits of tests fail with what did not happen."""

import asyncio

import pytest

from tests import waiting
from tests.waiting import block_until, in_time, until


async def test_what_a_condition_holds_by_is_returned_whether_it_is_awaited_or_not() -> None:
    looks = iter(("", "", "found"))

    async def awaited() -> str:
        return next(looks)

    assert await until(awaited, "it is found") == "found"
    assert await until(lambda: [1], "there is one") == [1]


async def test_a_wait_that_ends_without_it_says_what_did_not_happen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", 0)
    with pytest.raises(AssertionError, match="did not happen in 0 s: the moon is blue"):
        block_until(lambda: False, "the moon is blue")
    with pytest.raises(AssertionError, match=r"did not happen in 0\.0 s: the moon is blue"):
        async with in_time("the moon is blue", 0.0):
            await asyncio.Event().wait()


async def test_a_timeout_of_the_block_itself_stays_one() -> None:
    with pytest.raises(TimeoutError):
        async with in_time("the moon is blue"):
            raise TimeoutError
