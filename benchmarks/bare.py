"""The limit: the same bytes in, one durable insert a group, the same bytes out; no state, no rules.

`pipe` groups whatever waits; `linger` waits a fixed time between frames, as a fan-out to many watchers must.
Run as a program: settings come from POTOK_BARE_…
"""

import asyncio
import os
import struct
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import grpc
import uvloop
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.wire.v1 import raw_report_pb2

SERVICE = "potok.coordinator.v1.CoordinatorService"
TABLE = (
    "CREATE TABLE IF NOT EXISTS bare (id bigint GENERATED ALWAYS AS IDENTITY, body bytea NOT NULL)"
)
INSERT = "INSERT INTO bare (body) SELECT * FROM unnest($1::bytea[])"
MOST = 2_000


class Bare:
    """A list of frame elements; watchers hold a cursor into it."""

    def __init__(self, connection: asyncpg.Connection, linger: float, padding: int) -> None:
        self._connection = connection
        # An unknown field, so that a frame is as large as one of the coordinator's and still a message.
        self._padding = b"\xfa\x01" + bytes([padding & 0x7F | 0x80, padding >> 7]) + bytes(padding)
        self._linger = linger
        self._waiting: list[tuple[bytes, ...]] = []
        self._acks: list[tuple[int, asyncio.Queue[int]]] = []
        self._arrived = asyncio.Event()
        self._log: list[bytes] = []
        self._waiters: list[asyncio.Future[None]] = []

    async def commit(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                count = 0
                taken = 0
                while taken < len(self._waiting) and count < MOST:
                    count += len(self._waiting[taken])
                    taken += 1
                bodies = [body for part in self._waiting[:taken] for body in part]
                acks = self._acks[:taken]
                del self._waiting[:taken], self._acks[:taken]
                await self._connection.execute(INSERT, bodies)
                for number, body in enumerate(bodies, len(self._log) + 1):
                    self._log.append(_element(body, number))
                if not self._linger:
                    self._wake()
                for number, queue in acks:
                    queue.put_nowait(number)

    async def tick(self) -> None:
        while True:
            await asyncio.sleep(self._linger)
            self._wake()

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def report(self, requests: AsyncIterator[bytes], context: Any) -> None:
        queue: asyncio.Queue[int] = asyncio.Queue()
        acker = asyncio.create_task(_acknowledge(queue, context))
        try:
            async for data in requests:
                message = raw_report_pb2.RawReportBatch.FromString(data)
                self._waiting.append(tuple(self._padding + body for body in message.reports))
                self._acks.append((message.batch, queue))
                self._arrived.set()
            while self._waiting or not queue.empty():
                await asyncio.sleep(0.01)
        finally:
            acker.cancel()

    async def watch(self, _request: bytes, context: Any) -> None:
        await context.send_initial_metadata(())
        cursor = len(self._log)
        loop = asyncio.get_running_loop()
        while True:
            if cursor == len(self._log):
                waiter = loop.create_future()
                self._waiters.append(waiter)
                await waiter
                continue
            head = min(len(self._log), cursor + 250)
            frame = b"".join(self._log[cursor:head]) + b"\x19" + struct.pack("<Q", head)
            await context.write(frame)
            cursor = head


async def _acknowledge(queue: "asyncio.Queue[int]", context: Any) -> None:
    while True:
        number = await queue.get()
        while not queue.empty():
            number = queue.get_nowait()
        await context.write(pb.ReportStatusResponse(batch=number).SerializeToString())


def _element(body: bytes, number: int) -> bytes:
    """Frame a body as the watch does: one event in one change."""
    size = len(body) + 9
    assert size < 1 << 14
    length = bytes([size & 0x7F | 0x80, size >> 7]) if size > 0x7F else bytes([size])
    return b"\x0a" + length + body + b"\x21" + struct.pack("<Q", number)


async def main() -> None:
    connection = await asyncpg.connect(os.environ["POTOK_BARE_DATABASE_URL"])
    await connection.execute(TABLE)
    linger = float(os.environ["POTOK_BARE_LINGER"])
    bare = Bare(connection, linger, int(os.environ["POTOK_BARE_PADDING"]))
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    handlers: dict[str, Any] = {
        "ReportStatus": grpc.stream_stream_rpc_method_handler(bare.report),
        "WatchStatus": grpc.unary_stream_rpc_method_handler(bare.watch),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    server.add_insecure_port(os.environ["POTOK_BARE_LISTEN"])
    await server.start()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(bare.commit())
        if linger:
            tasks.create_task(bare.tick())


if __name__ == "__main__":
    uvloop.run(main())
