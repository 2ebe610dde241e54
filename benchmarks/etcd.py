"""etcd, where it is installed: the same number of durable puts, watched, for a figure that people know."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc

from benchmarks.arena import Arena, dial
from benchmarks.latency import Received, Sent, pace
from deploy.local.postgres import free_port

pb: Any = grpc.protos("benchmarks/etcd.proto")

VALUE = bytes(290)
"""A value as large as an event of the coordinator."""
PREFIX, PREFIX_END = b"k", b"l"
MISSING = "etcd           not installed (Debian: apt install etcd-server): no comparison"


@asynccontextmanager
async def an_etcd(arena: Arena) -> AsyncIterator[str | None]:
    """Run one etcd in the arena; yields its address, None where there is none."""
    program = shutil.which("etcd")
    if program is None:
        yield None
        return
    client, peer = free_port(), free_port()
    address = f"127.0.0.1:{client}"
    with (arena.folder / "etcd.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *("setpriv", "--pdeathsig", "KILL", program),
            *("--data-dir", str(arena.folder / "etcd")),
            *("--listen-client-urls", f"http://{address}"),
            *("--advertise-client-urls", f"http://{address}"),
            *("--listen-peer-urls", f"http://127.0.0.1:{peer}"),
            *("--initial-advertise-peer-urls", f"http://127.0.0.1:{peer}"),
            *("--initial-cluster", f"default=http://127.0.0.1:{peer}"),
            *("--quota-backend-bytes", str(4 << 30)),
            stdout=log,
            stderr=log,
        )
    try:
        yield address
    finally:
        process.terminate()
        await process.wait()


def _put(channel: grpc.aio.Channel) -> Any:
    return channel.unary_unary(
        "/etcdserverpb.KV/Txn",
        request_serializer=pb.TxnRequest.SerializeToString,
        response_deserializer=pb.TxnResponse.FromString,
    )


def _transaction(first: int, size: int) -> Any:
    return pb.TxnRequest(
        success=[
            pb.RequestOp(request_put=pb.PutRequest(key=b"k%d" % (first + n), value=VALUE))
            for n in range(size)
        ]
    )


async def throughput(address: str, streams: int, transactions: int, size: int) -> float:
    """Put from `streams` callers at once, `size` puts a transaction, watched; returns puts a second."""
    channels = [await dial(address) for _ in range(streams + 1)]
    counted, ready = Received(), asyncio.Event()
    watcher = asyncio.create_task(_watch(channels[-1], counted, ready))
    total = streams * transactions * size

    async def put(number: int) -> None:
        call = _put(channels[number])
        for n in range(transactions):
            await call(_transaction((number * transactions + n) * size, size))

    try:
        await ready.wait()
        started = time.perf_counter()
        await asyncio.gather(*(put(number) for number in range(streams)))
        async with asyncio.timeout(120):
            while counted.seen < total:
                await asyncio.sleep(0.002)
        return total / (time.perf_counter() - started)
    finally:
        watcher.cancel()
        for channel in channels:
            await channel.close()


async def latency(
    address: str, watchers: int, connections: int, rate: float, seconds: float
) -> list[float]:
    """Put at a steady rate, one a transaction, to some watchers; returns the delays in seconds."""
    channels = [await dial(address) for _ in range(connections + 1)]
    counted = [Received() for _ in range(watchers)]
    ready = [asyncio.Event() for _ in range(watchers)]
    tasks = [
        asyncio.create_task(_watch(channels[n % connections], counted[n], ready[n]))
        for n in range(watchers)
    ]
    call, sent = _put(channels[-1]), Sent()
    try:
        await asyncio.gather(*(one.wait() for one in ready))
        puts = [
            asyncio.ensure_future(call(_transaction(number, 1)))
            async for number in pace(rate, seconds, sent)
        ]
        await asyncio.gather(*puts)
        async with asyncio.timeout(120):
            while any(one.seen < len(sent.at) for one in counted):
                await asyncio.sleep(0.01)
        return [delay for one in counted for delay in one.delays(sent)]
    finally:
        for task in tasks:
            task.cancel()
        for channel in channels:
            await channel.close()


async def _watch(channel: grpc.aio.Channel, counted: Received, ready: asyncio.Event) -> None:
    call: Any = channel.stream_stream(
        "/etcdserverpb.Watch/Watch",
        request_serializer=pb.WatchRequest.SerializeToString,
        response_deserializer=pb.WatchResponse.FromString,
    )()
    try:
        await call.write(
            pb.WatchRequest(create_request=pb.WatchCreateRequest(key=PREFIX, range_end=PREFIX_END))
        )
        async for response in call:
            if response.created:
                ready.set()
            counted.arrived(len(response.events))
    finally:
        call.cancel()
