"""The guard against a real host on loopback, which a test lists as private where it may be reached."""

import asyncio
import contextlib
import gzip
import ssl
import zlib
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.kernel.clock import utc_now
from services.kernel.fetch import errors
from services.kernel.fetch.addresses import Host
from services.kernel.fetch.fetcher import Fetcher, FetchLimits, OriginCredentials
from tests.fakes.web_host import WebHost, answer, web_host

BODY = bytes(range(256)) * 400
QUICK = FetchLimits(
    connect=timedelta(seconds=5),
    read=timedelta(seconds=0.2),
    total=timedelta(seconds=0.6),
)


class Names:
    """A resolver of a few names that no other resolver knows; counts the look-ups."""

    def __init__(self, **addresses: Sequence[str]) -> None:
        self.looked_up: list[str] = []
        self._addresses = {"pbx.example": ["127.0.0.1"], **addresses}

    async def __call__(self, name: str, port: int) -> Sequence[str]:
        del port
        self.looked_up.append(name)
        return self._addresses.get(name, [name])


@pytest.fixture
async def host() -> AsyncIterator[WebHost]:
    async with web_host() as host:
        yield host


def fetcher(*listed: str, names: Names | None = None, limits: FetchLimits | None = None) -> Fetcher:
    return Fetcher(
        private_hosts=[Host(name, None) for name in listed or ("pbx.example",)],
        limits=limits or FetchLimits(),
        addresses_of=names or Names(),
    )


async def fetched(
    guard: Fetcher,
    link: str,
    *,
    max_bytes: int = 1_000_000,
    credentials: OriginCredentials | None = None,
) -> bytes:
    async with guard.get(link, max_bytes=max_bytes, credentials=credentials) as download:
        return b"".join([chunk async for chunk in download.chunks])


async def refused(guard: Fetcher, link: str, *, max_bytes: int = 1_000_000) -> errors.FetchError:
    """Return why a link is refused, and see to it that its secret is not told."""
    with pytest.raises(errors.FetchError) as raised:
        await fetched(guard, link, max_bytes=max_bytes)
    assert "s3cret" not in str(raised.value)
    return raised.value


async def test_a_host_is_asked_by_its_name_at_the_address_that_was_checked(host: WebHost) -> None:
    host.answers["/a"] = answer(200, BODY, content_type="Audio/MPEG; x=1")
    names = Names()

    guard = fetcher(names=names)
    async with guard.get(host.link("/a"), max_bytes=len(BODY)) as download:
        content = b"".join([chunk async for chunk in download.chunks])

    assert content == BODY
    assert download.media_type == "audio/mpeg"
    assert download.origin == f"http://pbx.example:{host.port}"
    assert names.looked_up == ["pbx.example"]
    [request] = host.requests
    assert request.startswith("GET /a?sign=s3cret HTTP/1.1\r\n")
    headers = dict(line.split(": ", 1) for line in request.lower().split("\r\n")[1:] if line)
    assert headers == {
        "host": f"pbx.example:{host.port}",
        "user-agent": "potok",
        "accept": "*/*",
        "accept-encoding": "identity",
    }


@pytest.mark.parametrize(
    "name", ["127.0.0.1", "127.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"]
)
async def test_an_address_of_the_own_network_is_refused(host: WebHost, name: str) -> None:
    error = await refused(Fetcher(), host.link("/a", name))

    assert isinstance(error, errors.ForbiddenAddress)
    assert error.host == f"{name}:{host.port}"
    assert not host.requests


@pytest.mark.parametrize("addresses", [("127.0.0.1", "8.8.8.8"), ("8.8.8.8", "127.0.0.1")])
async def test_one_forbidden_address_of_a_name_is_enough(
    host: WebHost, addresses: Sequence[str]
) -> None:
    names = Names(**{"two.example": addresses})

    error = await refused(fetcher(names=names), host.link("/a", "two.example"))

    assert isinstance(error, errors.ForbiddenAddress)
    assert not host.requests


async def test_redirects_are_followed_to_what_may_be_reached_and_no_further(host: WebHost) -> None:
    host.answers |= {
        "/start": answer(302, location="/next?sign=s3cret", set_cookie="session=1"),
        "/next": answer(308, location=host.link("/a")),
        "/a": answer(200, BODY),
        "/private": answer(302, location=host.link("/a", "10.0.0.1")),
        "/other": answer(307, location="http://user:s3cret@pbx.example/"),
        "/file": answer(301, location="file:///etc/passwd"),
        "/circle": answer(303, location="/circle"),
        "/nowhere": answer(301),
    }
    guard = fetcher()

    assert await fetched(guard, host.link("/start")) == BODY
    assert not any("cookie" in request.lower() for request in host.requests)
    assert isinstance(await refused(guard, host.link("/private")), errors.ForbiddenAddress)
    assert isinstance(await refused(guard, host.link("/other")), errors.BadLink)
    assert isinstance(await refused(guard, host.link("/file")), errors.BadLink)
    assert isinstance(await refused(guard, host.link("/nowhere")), errors.TooManyRedirects)
    host.requests.clear()
    assert isinstance(await refused(guard, host.link("/circle")), errors.TooManyRedirects)
    assert len(host.requests) == 6


async def test_a_name_that_leads_elsewhere_after_a_redirect_is_checked_anew(host: WebHost) -> None:
    host.answers["/start"] = answer(302, location=host.link("/a", "rebound.example"))
    names = Names(**{"rebound.example": ["127.0.0.1"]})

    error = await refused(fetcher(names=names), host.link("/start"))

    assert isinstance(error, errors.ForbiddenAddress)
    assert len(host.requests) == 1


async def test_credentials_go_to_their_origin_and_end_at_the_first_redirect_to_another(
    host: WebHost,
) -> None:
    async with web_host() as other:
        host.answers |= {
            "/start": answer(302, location=host.link("/away")),
            "/away": answer(302, location=other.link("/back", "other.example")),
            "/a": answer(200, BODY),
        }
        other.answers["/back"] = answer(302, location=host.link("/a"))
        names = Names(**{"other.example": ["127.0.0.1"]})
        credentials = OriginCredentials(
            origin=f"http://pbx.example:{host.port}", headers={"Authorization": "Bearer t0ken"}
        )
        guard = fetcher("pbx.example", "other.example", names=names)

        assert await fetched(guard, host.link("/start"), credentials=credentials) == BODY
        await fetched(guard, other.link("/back", "other.example"), credentials=credentials)

    assert ["t0ken" in request for request in host.requests] == [True, True, False, False]
    assert ["t0ken" in request for request in other.requests] == [False, False]
    assert "t0ken" not in repr(credentials)


@pytest.mark.parametrize(
    ("status", "headers", "pause"),
    [
        (204, {}, None),
        (404, {}, None),
        (304, {}, None),
        (429, {"retry_after": "120"}, timedelta(minutes=2)),
        (503, {"retry_after": "soon"}, None),
        (503, {"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}, timedelta(0)),
        (503, {"retry_after": "9" * 30}, None),
    ],
)
async def test_other_answers_say_their_status_and_the_pause_they_ask_for(
    host: WebHost, status: int, headers: dict[str, str], pause: timedelta | None
) -> None:
    host.answers["/a"] = answer(status, **headers)

    error = await refused(fetcher(), host.link("/a"))

    assert isinstance(error, errors.UnexpectedStatus)
    assert (error.status, error.retry_after) == (status, pause)


async def test_a_part_is_taken_only_where_it_is_all(host: WebHost) -> None:
    host.answers |= {
        "/all": answer(206, BODY, content_range=f"bytes 0-{len(BODY) - 1}/{len(BODY)}"),
        "/part": answer(206, BODY, content_range=f"bytes 0-{len(BODY) - 1}/{len(BODY) + 1}"),
        "/unknown": answer(206, BODY),
    }

    assert await fetched(fetcher(), host.link("/all")) == BODY
    assert isinstance(await refused(fetcher(), host.link("/part")), errors.BodyTruncated)
    assert isinstance(await refused(fetcher(), host.link("/unknown")), errors.BodyTruncated)


async def test_no_more_than_the_limit_is_read_whatever_is_announced(host: WebHost) -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(65_536))
            await writer.drain()

    host.answers |= {
        "/announced": answer(200, BODY),
        "/endless": endless,
        "/bomb": answer(200, gzip.compress(bytes(10_000_000)), content_encoding="gzip"),
    }
    most = len(BODY) - 1

    announced = await refused(fetcher(), host.link("/announced"), max_bytes=most)
    assert isinstance(announced, errors.BodyTooLarge)
    assert "announces" in str(announced)
    assert await fetched(fetcher(), host.link("/announced"), max_bytes=most + 1) == BODY
    endless_error = await refused(fetcher(), host.link("/endless"), max_bytes=most)
    assert isinstance(endless_error, errors.BodyTooLarge)
    bomb = await refused(fetcher(), host.link("/bomb"), max_bytes=1_000_000)
    assert isinstance(bomb, errors.BodyTooLarge)
    assert "decompressed" in str(bomb)


@pytest.mark.parametrize(
    "encoding",
    [
        "none",
        "binary",
        "utf-8",
        "aws-chunked",
        "identity",
        "",
        "gzip",
        "GZIP",
        "x-gzip",
        "deflate",
        "br",
        "zstd",
        "gzip, br",
    ],
)
@pytest.mark.parametrize(
    "body", [BODY, b"RIFF" + BODY, b"ID3\x03" + BODY], ids=["bytes", "wav", "mp3"]
)
async def test_what_is_not_compressed_is_taken_as_it_is_whatever_is_said_of_it(
    host: WebHost, encoding: str, body: bytes
) -> None:
    host.answers["/a"] = answer(200, body, content_encoding=encoding)

    assert await fetched(fetcher(), host.link("/a")) == body


def raw_deflate(content: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


@pytest.mark.parametrize(
    ("packed", "encoding"),
    [
        (gzip.compress(BODY), "gzip"),
        (gzip.compress(BODY), "X-GZIP"),
        (gzip.compress(BODY), "none"),
        (gzip.compress(BODY), "deflate"),
        (gzip.compress(gzip.compress(BODY)), "gzip, gzip"),
        (gzip.compress(BODY[:9000]) + gzip.compress(BODY[9000:]), "gzip"),
        (gzip.compress(BODY) + b"\r\n", "gzip"),
        (zlib.compress(BODY), "deflate"),
        (zlib.compress(BODY), "Deflate, identity"),
        (raw_deflate(BODY), "deflate"),
        (gzip.compress(zlib.compress(BODY)), "deflate, gzip"),
        (zlib.compress(BODY), "gzip"),
        (zlib.compress(BODY), "none"),
        (raw_deflate(BODY), "gzip"),
    ],
    ids=[
        "gzip",
        "x-gzip",
        "none",
        "wrong",
        "twice",
        "members",
        "tail",
        "zlib",
        "upper",
        "raw",
        "both",
        "zlib as gzip",
        "zlib as none",
        "raw as gzip",
    ],
)
async def test_what_is_compressed_is_unpacked(host: WebHost, packed: bytes, encoding: str) -> None:
    host.answers["/a"] = answer(200, packed, content_encoding=encoding)

    assert await fetched(fetcher(), host.link("/a")) == BODY
    cut = answer(200, packed[: len(packed) // 2], content_encoding=encoding)
    if encoding not in ("none", "wrong"):
        host.answers["/cut"] = cut
        assert isinstance(await refused(fetcher(), host.link("/cut")), errors.BodyTruncated)


async def test_a_compression_that_nothing_here_undoes_is_named(host: WebHost) -> None:
    host.answers["/a"] = answer(200, b"\x28\xb5\x2f\xfd" + BODY, content_encoding="zstd")

    error = await refused(fetcher(), host.link("/a"))

    assert isinstance(error, errors.Encoded)
    assert "zstd" in str(error)


async def test_what_breaks_off_is_no_download(host: WebHost) -> None:
    host.answers |= {
        "/length": answer(200, BODY, content_length=str(len(BODY) + 1)),
        "/chunked": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\nhalf",
        "/nothing": b"",
        "/noise": b"\x00\x01 this is no HTTP\r\n\r\n",
    }

    for path in ("/length", "/chunked"):
        assert isinstance(await refused(fetcher(), host.link(path)), errors.BodyTruncated)
    for path in ("/nothing", "/noise"):
        assert isinstance(await refused(fetcher(), host.link(path)), errors.Unreachable)


async def test_a_host_that_is_silent_or_drips_is_given_up(host: WebHost) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.02)

    async def stop(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n.")
        await asyncio.sleep(5)

    async def silent(writer: asyncio.StreamWriter) -> None:
        del writer
        await asyncio.sleep(5)

    host.answers |= {"/drip": drip, "/stop": stop, "/silent": silent}
    guard = fetcher(limits=QUICK)

    for path, words in (
        ("/drip", "took too long"),
        ("/stop", "stopped sending"),
        ("/silent", "in time"),
    ):
        error = await refused(guard, host.link(path))
        assert isinstance(error, errors.FetchTimedOut)
        assert words in str(error)


async def test_a_host_that_is_not_there_is_unreachable_at_all_its_addresses(
    host: WebHost, free_port: int
) -> None:
    host.answers["/a"] = answer(200, BODY)
    names = Names(**{"pbx.example": ["127.0.0.2", "127.0.0.1"]})

    assert await fetched(fetcher(names=names), host.link("/a")) == BODY
    error = await refused(fetcher(), f"http://pbx.example:{free_port}/?sign=s3cret")
    assert isinstance(error, errors.Unreachable)
    error = await refused(Fetcher(), "http://nothing.invalid/?sign=s3cret")
    assert isinstance(error, errors.Unreachable)


async def test_a_host_has_so_many_downloads_at_a_time(host: WebHost) -> None:
    under_way, most, all_there = 0, 0, asyncio.Event()

    async def counted(writer: asyncio.StreamWriter) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        if under_way == 3:
            all_there.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(all_there.wait(), 0.3)
        under_way -= 1
        writer.write(answer(200, BODY))
        await writer.drain()

    host.answers["/a"] = counted
    guard = fetcher(limits=FetchLimits(per_host=2))

    contents = await asyncio.gather(*[fetched(guard, host.link("/a")) for _ in range(3)])

    assert contents == [BODY] * 3
    assert most == 2


async def test_proxies_of_the_environment_are_not_asked(
    host: WebHost, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{free_port}")
    host.answers["/a"] = answer(200, BODY)

    assert await fetched(fetcher(), host.link("/a")) == BODY


async def test_a_host_proves_by_its_certificate_that_it_has_the_name_of_the_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = certified("pbx.example", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    names = Names(**{"evil.example": ["127.0.0.1"]})
    guard = fetcher("pbx.example", "evil.example", "127.0.0.1", names=names)
    async with web_host(context) as host:
        host.answers["/a"] = answer(200, BODY, connection="keep-alive")

        assert await fetched(guard, host.link("/a", scheme="https")) == BODY
        for name in ("evil.example", "127.0.0.1"):
            error = await refused(guard, host.link("/a", name, scheme="https"))
            assert isinstance(error, errors.Unreachable)

    assert len(host.requests) == 1


def certified(name: str, folder: Path) -> ssl.SSLContext:
    """Return a server's side with a certificate of its own for one name, which is left in the folder."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = utc_now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context
