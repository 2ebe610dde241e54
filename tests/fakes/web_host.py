"""A host of the web that answers byte by byte as a test wants it to, also as no web server would."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from services.kernel.tasks import cancel

Answer = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class WebHost:
    """What it answers to each path, and the requests that came, each as its text."""

    port: int = 0
    answers: dict[str, Answer] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    under_way: "set[asyncio.Task[object]]" = field(default_factory=set)

    def link(self, path: str, name: str = "pbx.example", scheme: str = "http") -> str:
        """Return a link to a path that ends in a secret."""
        return f"{scheme}://{name}:{self.port}{path}?sign=s3cret"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests until an answer does not ask for more, then close."""
        task = asyncio.current_task()
        assert task
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)
        try:
            while await self._answer(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # who asked went away, or the test is over
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.requests.append(request)
        answer = self.answers[request.split(" ")[1].partition("?")[0]]
        if isinstance(answer, bytes):
            writer.write(answer)
            await writer.drain()
            return b"keep-alive" in answer
        await answer(writer)
        return False


@contextlib.asynccontextmanager
async def web_host(context: ssl.SSLContext | None = None) -> AsyncIterator[WebHost]:
    """Serve on a free port of loopback until the block ends."""
    host = WebHost()
    server = await asyncio.start_server(host.serve, "127.0.0.1", 0, ssl=context)
    host.port = server.sockets[0].getsockname()[1]
    try:
        yield host
    finally:
        server.close()
        await cancel(*host.under_way)
        await server.wait_closed()


def answer(status: int, body: bytes = b"", /, **headers: str) -> bytes:
    """Return a whole answer; underscores of header names become dashes."""
    fields = {"content_length": str(len(body)), **headers}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Said\r\n{lines}\r\n".encode() + body
