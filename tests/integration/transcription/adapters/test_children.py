"""Real child processes that are stuck, killed, slow or old."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from services.transcription.adapters.children import Children, Replacement
from services.transcription.domain import RecognitionTimedOut, WorkerDied
from tests.waiting import PATIENCE, until

SOON = 0.5
"""Seconds after which these children count as stuck."""


def nothing() -> None:
    """Prepare nothing."""


def busy(path: Path, seconds: float) -> int:
    """Say who works, and work."""
    written = path.with_suffix(".part")
    written.write_text(str(os.getpid()))
    written.rename(path)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
    return os.getpid()


@asynccontextmanager
async def a_child(timeout_seconds: float = PATIENCE, **limits: Any) -> AsyncIterator[Children]:
    replacement = Replacement(**{"ready": PATIENCE, "stuck": PATIENCE} | limits)
    async with Children(
        nothing, processes=1, timeout_seconds=timeout_seconds, replacement=replacement
    ) as children:
        yield children


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.parametrize("sign", [signal.SIGSTOP, signal.SIGKILL])
async def test_a_child_that_is_stuck_or_dead_while_idle_is_replaced_and_its_work_done(
    sign: signal.Signals,
) -> None:
    async with a_child(ready=SOON if sign is signal.SIGSTOP else PATIENCE) as children:
        first = await children.run(os.getpid)
        os.kill(first, sign)

        second = await children.run(os.getpid)

        assert second != first
        assert is_gone(first)
        assert await children.run(os.getpid) == second


async def test_a_child_that_gets_stuck_at_work_is_replaced(tmp_path: Path) -> None:
    async with a_child(stuck=SOON) as children:
        work = asyncio.create_task(children.run(partial(busy, tmp_path / "pid", PATIENCE)))
        await until((tmp_path / "pid").exists, "the child to work")
        stuck = int((tmp_path / "pid").read_text())
        os.kill(stuck, signal.SIGSTOP)

        with pytest.raises(WorkerDied, match="did nothing for"):
            await work

        assert is_gone(stuck)
        assert await children.run(os.getpid) != stuck


async def test_a_child_that_works_is_not_taken_for_stuck(tmp_path: Path) -> None:
    async with a_child(stuck=3.0) as children:
        assert await children.run(partial(busy, tmp_path / "pid", 7.0))


async def test_the_wait_for_a_child_that_is_free_is_no_part_of_the_time(tmp_path: Path) -> None:
    async with a_child(timeout_seconds=6) as children:
        work = [children.run(partial(busy, tmp_path / f"{n}", 2.5)) for n in range(3)]

        assert len(set(await asyncio.gather(*work))) == 1


async def test_work_that_takes_too_long_ends_and_the_next_begins(tmp_path: Path) -> None:
    async with a_child(timeout_seconds=SOON) as children:
        with pytest.raises(RecognitionTimedOut):
            await children.run(partial(busy, tmp_path / "pid", PATIENCE))

        assert await children.run(os.getpid) != int((tmp_path / "pid").read_text())


async def test_a_child_that_cannot_prepare_itself_is_told() -> None:
    async with Children(
        partial(time.sleep, PATIENCE),
        processes=1,
        timeout_seconds=PATIENCE,
        replacement=Replacement(start=1.0),
    ) as children:
        for _ in range(2):
            with pytest.raises(WorkerDied, match="did not start within 1 s"):
                await children.run(os.getpid)


async def test_a_child_that_did_much_makes_way_for_a_fresh_one() -> None:
    async with a_child(runs=2) as children:
        pids = [await children.run(os.getpid) for _ in range(4)]

    assert pids[0] == pids[1] != pids[2] == pids[3]
