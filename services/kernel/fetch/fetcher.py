"""Downloads from links that other people give us: within limits, and from nowhere but where they may lead."""

import asyncio
import contextlib
import weakref
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, field
from datetime import timedelta

import httpx2

from services.kernel.fetch.addresses import Host, is_listed, is_public, resolve
from services.kernel.fetch.answer import REDIRECTS, check, media_type
from services.kernel.fetch.encoding import decoded
from services.kernel.fetch.errors import (
    BodyTruncated,
    FetchTimedOut,
    ForbiddenAddress,
    TooManyRedirects,
    Unreachable,
)
from services.kernel.fetch.link import Link, parse_link

_MOST_ADDRESSES = 4
"""Addresses of one host that are tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """How long and how much: each is a setting of the service."""

    connect: timedelta = timedelta(seconds=10)
    """To find a host's addresses, and to connect to one of them."""
    read: timedelta = timedelta(seconds=60)
    """Between two pieces of the answer."""
    total: timedelta = timedelta(minutes=10)
    """From the call to the last piece, redirects and the wait for the host's turn included."""
    redirects: int = 5
    """How often an answer may lead on."""
    per_host: int = 3
    """Downloads from one host at a time in one process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginCredentials:
    """Headers for one origin, such as `https://clinic.amocrm.ru`: the first redirect to another ends them."""

    origin: str
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """An answer on its way; `chunks` can be read once, decompressed, and raise FetchError.

    `origin` is the scheme and host it comes from, `media_type` what they say it is, in lower case, and `encoding` how
    they say they compress it: both are no evidence.
    """

    origin: str
    media_type: str
    encoding: str
    chunks: AsyncIterator[bytes]


class Fetcher:
    """Opens downloads: from `private_hosts` wherever they are, from all others on the public internet only.

    A host is connected to at the very address that was checked, so that a second look at its name cannot lead
    elsewhere. No proxy of the environment, no cookie and no connection is carried from one request to the next.
    """

    def __init__(
        self,
        *,
        private_hosts: Collection[Host] = (),
        limits: FetchLimits = FetchLimits(),  # frozen
        addresses_of: Callable[[str, int], Awaitable[Sequence[str]]] = resolve,
    ) -> None:
        self._private_hosts = frozenset(private_hosts)
        self._limits = limits
        self._addresses_of = addresses_of
        # A client would keep cookies and log whole links. An idle connection belongs to an address: another
        # name there has to prove itself anew.
        self._transport = httpx2.AsyncHTTPTransport(
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=0)
        )
        self._turns: weakref.WeakValueDictionary[str, asyncio.Semaphore] = (
            weakref.WeakValueDictionary()
        )

    @contextlib.asynccontextmanager
    async def get(
        self, link: str, *, max_bytes: int, credentials: OriginCredentials | None = None
    ) -> AsyncIterator[Download]:
        """Open what a link leads to; raises FetchError."""
        deadline = asyncio.get_running_loop().time() + self._limits.total.total_seconds()
        target = parse_link(link)
        for _ in range(self._limits.redirects + 1):
            if credentials and parse_link(credentials.origin).origin != target.origin:
                credentials = None
            async with self._answer(target, credentials, deadline) as response:
                if response.status_code not in REDIRECTS:
                    check(target, response, max_bytes)
                    received = _chunks(target, response, deadline)
                    encoding = response.headers.get("content-encoding", "")
                    chunks = decoded(received, encoding, max_bytes, target.origin)
                    async with contextlib.aclosing(received), contextlib.aclosing(chunks):
                        yield Download(
                            origin=target.origin,
                            media_type=media_type(response),
                            encoding=encoding.strip().lower(),
                            chunks=chunks,
                        )
                    return
                target = target.redirected(response.headers.get("location", ""))
        raise TooManyRedirects(f"{target.origin}: more than {self._limits.redirects} redirects")

    async def close(self) -> None:
        """Close what is open."""
        await self._transport.aclose()

    @contextlib.asynccontextmanager
    async def _answer(
        self, target: Link, credentials: OriginCredentials | None, deadline: float
    ) -> AsyncIterator[httpx2.Response]:
        """Ask one host when it is our turn; no redirect is followed."""
        turn = self._turns.setdefault(target.host, asyncio.Semaphore(self._limits.per_host))
        async with contextlib.AsyncExitStack() as stack:
            async with _until(deadline, target):
                await stack.enter_async_context(turn)
                response = await self._ask(target, credentials)
            stack.push_async_callback(response.aclose)
            yield response

    async def _ask(self, target: Link, credentials: OriginCredentials | None) -> httpx2.Response:
        timeout = httpx2.Timeout(
            self._limits.read.total_seconds(), connect=self._limits.connect.total_seconds()
        )
        headers = {
            **(credentials.headers if credentials else {}),
            "Host": target.host,
            "User-Agent": "potok",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
        }
        for address in await self._addresses(target):
            request = httpx2.Request(
                "GET",
                target.url.copy_with(host=address),
                headers=headers,
                extensions={"sni_hostname": target.name, "timeout": timeout.as_dict()},
            )
            try:
                return await self._transport.handle_async_request(request)
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                continue
            except httpx2.TimeoutException as error:
                raise FetchTimedOut(f"{target.origin} does not answer in time") from error
            except httpx2.TransportError as error:
                raise Unreachable(f"{target.origin} does not answer as HTTP has it") from error
        raise Unreachable(f"{target.origin} refuses to connect, or has no valid certificate")

    async def _addresses(self, target: Link) -> Sequence[str]:
        """Return where a host is, provided that a link may lead to each of its addresses."""
        try:
            async with asyncio.timeout(self._limits.connect.total_seconds()):
                addresses = await self._addresses_of(target.name, target.port)
        except (OSError, UnicodeError) as error:  # a TimeoutError is an OSError
            raise Unreachable(f"{target.origin} has no address") from error
        listed = is_listed(target.name, target.port, self._private_hosts)
        if not listed and not all(map(is_public, addresses)):
            raise ForbiddenAddress(
                f"{target.origin} is not on the public internet", host=target.host
            )
        return addresses[:_MOST_ADDRESSES]


async def _chunks(
    target: Link, response: httpx2.Response, deadline: float
) -> AsyncGenerator[bytes, None]:
    received = 0
    async with contextlib.aclosing(response.aiter_raw()) as stream:
        while True:
            try:
                async with _until(deadline, target):
                    chunk = await anext(stream, b"")
            except httpx2.TimeoutException as error:
                raise FetchTimedOut(f"{target.origin} stopped sending") from error
            except httpx2.TransportError as error:
                raise BodyTruncated(f"{target.origin} broke off after {received} bytes") from error
            received += len(chunk)
            if not chunk:
                return
            yield chunk


@contextlib.asynccontextmanager
async def _until(deadline: float, target: Link) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout_at(deadline):
            yield
    except TimeoutError as error:
        raise FetchTimedOut(f"{target.origin} took too long") from error
