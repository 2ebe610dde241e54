"""What the reporter tells while something is slow."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import report_pb2

from services.kernel.tasks import cancel
from services.stage.adapters import reporter
from services.stage.adapters.reporter import Reporter
from services.stage.repository import report_rows
from services.status.domain import ExecutionNumber, ExecutionState
from tests.fakes.stage_work import quick_settings
from tests.waiting import until

OPEN = ExecutionNumber(7)


class Stream:
    """A stream of reports that are acknowledged, or not."""

    def __init__(self, *, acknowledged: bool = True, write_seconds: float = 0.0) -> None:
        self.sent: list[pb.ReportStatusRequest] = []
        self.opened = 0
        self.at_once = 0
        self._acknowledged = acknowledged
        self._write_seconds = write_seconds
        self._answers: asyncio.Queue[pb.ReportStatusResponse] = asyncio.Queue()

    def ReportStatus(self) -> "Stream":  # noqa: N802
        self.opened += 1
        return self

    async def write(self, request: pb.ReportStatusRequest) -> None:
        self.at_once += 1
        assert self.at_once == 1, "a stream takes one message at a time"
        await asyncio.sleep(self._write_seconds)
        self.at_once -= 1
        self.sent.append(request)
        if self._acknowledged:
            self._answers.put_nowait(pb.ReportStatusResponse(batch=request.batch))

    async def __aiter__(self) -> AsyncIterator[pb.ReportStatusResponse]:
        while True:
            yield await self._answers.get()

    def cancel(self) -> None: ...

    def heartbeats(self) -> int:
        return sum(OPEN in request.heartbeats for request in self.sent)


class Pool:
    """Lends connections."""

    @contextlib.asynccontextmanager
    async def acquire(self) -> AsyncIterator["Pool"]:
        yield self

    transaction = acquire


@contextlib.asynccontextmanager
async def reporting(
    monkeypatch: pytest.MonkeyPatch, stream: Stream, read: Callable[..., Any]
) -> AsyncIterator[Reporter]:
    async def list_reportable(_: object) -> list[tuple[ExecutionNumber, bool]]:
        return [(OPEN, True)]

    monkeypatch.setattr(report_rows, "list_reportable", list_reportable)
    monkeypatch.setattr(report_rows, "read_progress", read)
    settings = quick_settings("postgresql://nobody@127.0.0.1:1/none", "127.0.0.1:1").model_copy(
        update={
            "report_heartbeat": timedelta(milliseconds=5),
            "report_timeout": timedelta(milliseconds=200),
        }
    )
    under_test = Reporter(cast("Any", Pool()), cast("Any", stream), settings)
    task = asyncio.create_task(under_test.run(lambda _: asyncio.sleep(0)))
    yield under_test
    await cancel(task)


async def never(*_: object) -> list[Any]:
    await asyncio.Event().wait()
    return []


async def nothing(*_: object) -> list[Any]:
    return []


async def something(*_: object) -> list[Any]:
    return [SimpleNamespace(execution=OPEN, state=ExecutionState.RUNNING)]


@pytest.mark.parametrize("read", [never, nothing], ids=["counting takes for ever", "idle"])
async def test_heartbeats_do_not_wait_for_what_is_counted(
    monkeypatch: pytest.MonkeyPatch, read: Callable[..., Any]
) -> None:
    stream = Stream()
    async with reporting(monkeypatch, stream, read):
        await until(lambda: stream.heartbeats() >= 5, "heartbeats")
    assert stream.opened == 1


async def test_one_message_is_on_its_way_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Stream(write_seconds=0.002)
    monkeypatch.setattr(reporter, "report_to_pb", lambda _: report_pb2.Report(execution=OPEN))
    async with reporting(monkeypatch, stream, something) as under_test:

        def more() -> bool:
            under_test.touch(OPEN)
            return stream.heartbeats() >= 5

        await until(more, "heartbeats between reports")
    assert any(request.reports for request in stream.sent)
    assert [request.batch for request in stream.sent] == sorted(
        request.batch for request in stream.sent
    )


async def test_a_stream_that_acknowledges_nothing_is_opened_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = Stream(acknowledged=False)
    async with reporting(monkeypatch, stream, never):
        await until(lambda: stream.opened >= 2, "another stream")
