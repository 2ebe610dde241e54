"""A way to a server that a test can cut and freeze, as a network or a machine does."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

from tests.conftest import Database


class Link:
    """Passes connections on to a port of this machine."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._server: asyncio.Server | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def open(self) -> None:
        """Take connections, on the same port as before."""
        self._flowing.set()
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """End all connections, and take no more: the server is away."""
        if self._server is not None:
            self._server.close()
        self.break_off()

    def break_off(self) -> None:
        """End all connections; new ones are taken."""
        for writer in self._writers:
            writer.transport.abort()

    def freeze(self) -> None:
        """Take everything and pass nothing on: the server is frozen."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Pass all on again."""
        self._flowing.set()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(OSError):
            await self._flowing.wait()
            back, forth = await asyncio.open_connection("127.0.0.1", self._target)
            self._writers.add(forth)
            await asyncio.gather(self._pump(reader, forth), self._pump(back, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
        writer.close()
        self._writers.discard(writer)


@contextlib.asynccontextmanager
async def linked(database: Database) -> AsyncIterator[tuple[Link, Database]]:
    """Yield a link to a database, and the database as it is behind the link."""
    link = Link(database.server.port)
    await link.open()
    try:
        yield link, replace(database, server=replace(database.server, port=link.port))
    finally:
        await link.cut()
