"""A start is waited for while it gets on; what holds it up is told from the logs of this run."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.folders import LocalError
from deploy.local.startup import LIMIT, RunLogs, start_limit, until_ready
from tests.waiting import in_time

LONG = 3600.0


@pytest.fixture
async def supervisor() -> AsyncIterator["asyncio.Task[int]"]:
    """A supervisor that goes on."""
    task = asyncio.create_task(_for_ever())
    yield task
    task.cancel()


async def _for_ever() -> int:
    await asyncio.Event().wait()
    return 0


async def _ready_when(event: asyncio.Event) -> None:
    await event.wait()


def write(folder: Path, name: str, text: str) -> None:
    with (folder / f"{name}.log").open("a") as log:
        log.write(text)


async def test_it_goes_on_as_soon_as_everything_is_ready(
    tmp_path: Path, supervisor: "asyncio.Task[int]"
) -> None:
    ready = asyncio.Event()
    ready.set()
    tasks = {"analysis": asyncio.create_task(_ready_when(ready))}
    async with in_time("the start is over"):
        await until_ready(tasks, supervisor, RunLogs(tmp_path), LONG)


async def test_a_program_that_ends_again_is_told_at_once_with_the_words_of_this_run(
    tmp_path: Path, supervisor: "asyncio.Task[int]"
) -> None:
    write(tmp_path, "analysis", "a fault of the run before\n")
    write(tmp_path, "supervisord", "WARN exited: analysis (exit status 1; not expected)\n" * 5)
    logs = RunLogs(tmp_path)
    write(tmp_path, "analysis", "clinic.yaml, line 3: weight: must be more than 0\n")
    write(tmp_path, "supervisord", "WARN exited: analysis (exit status 1; not expected)\n" * 2)
    tasks = {
        name: asyncio.create_task(_ready_when(asyncio.Event())) for name in ("gateway", "analysis")
    }
    async with in_time("the start is given up"):
        with pytest.raises(LocalError) as raised:
            await until_ready(tasks, supervisor, logs, LONG)

    assert str(raised.value).startswith("analysis does not come up; the end of")
    assert "clinic.yaml, line 3" in str(raised.value)
    assert "run before" not in str(raised.value)
    for task in tasks.values():
        task.cancel()


async def test_a_start_that_stands_still_names_who_is_not_ready_and_the_setting(
    tmp_path: Path, supervisor: "asyncio.Task[int]"
) -> None:
    logs = RunLogs(tmp_path)
    tasks = {
        name: asyncio.create_task(_ready_when(asyncio.Event()))
        for name in ("gateway", "transcription")
    }
    async with in_time("the start is given up"):
        with pytest.raises(LocalError) as raised:
            await until_ready(tasks, supervisor, logs, 0.01)

    assert str(raised.value).startswith("transcription is not ready (nor gateway)")
    assert LIMIT in str(raised.value)
    assert "written nothing in this run" in str(raised.value)
    for task in tasks.values():
        task.cancel()


async def test_a_supervisor_that_ends_is_told_with_its_log(tmp_path: Path) -> None:
    logs = RunLogs(tmp_path)
    write(tmp_path, "supervisord", "Error: no such user\n")
    over = asyncio.create_task(asyncio.sleep(0, 2))
    tasks = {"analysis": asyncio.create_task(_ready_when(asyncio.Event()))}
    async with in_time("the start is given up"):
        with pytest.raises(LocalError, match=r"supervisord ended; (.|\n)*no such user"):
            await until_ready(tasks, over, logs, LONG)
    tasks["analysis"].cancel()


def test_a_log_that_was_begun_anew_is_read_from_its_beginning(tmp_path: Path) -> None:
    write(tmp_path, "analysis", "long ago\n" * 10)
    logs = RunLogs(tmp_path)
    (tmp_path / "analysis.log").write_text("now\n")

    assert logs.text("analysis") == "now\n"


@pytest.mark.parametrize("text", ["soon", "0", "-5", "nan", "inf"])
def test_a_limit_that_is_none_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(LocalError, match=LIMIT):
        start_limit({LIMIT: text})


def test_the_limit_is_a_setting() -> None:
    assert start_limit({}) == 60
    assert start_limit({LIMIT: "300"}) == 300
