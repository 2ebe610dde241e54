"""What a telephony host may answer, and what it means for the recording."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.kernel.fetch.addresses import Host
from services.kernel.fetch.fetcher import Fetcher, FetchLimits
from services.recordings.domain import (
    AccessDenied,
    FetchFailed,
    NotAllowed,
    NotAudio,
    NotFetched,
    RecordingMissing,
    RecordingNotReady,
    TooLarge,
)
from services.recordings.download import LEAST_BYTES, Downloads
from tests.builders.call_sync import WAV
from tests.fakes.web_host import WebHost, answer, web_host

RECORDING = WAV + bytes(LEAST_BYTES)
MOST = 100_000


@pytest.fixture
async def host() -> AsyncIterator[WebHost]:
    async with web_host() as host:
        yield host


async def fetched(host: WebHost, listed: str = "127.0.0.1") -> tuple[str, bytes]:
    downloads = Downloads(
        Fetcher(private_hosts=[Host(listed, None)]),
        max_bytes=MOST,
        private_hosts="POTOK_CALL_SYNC_PRIVATE_HOSTS",
    )
    async with downloads.fetch(host.link("/a", "127.0.0.1")) as recording:
        return recording.file_name, b"".join([chunk async for chunk in recording.chunks])


async def not_fetched(host: WebHost, listed: str = "127.0.0.1") -> NotFetched:
    """Return why there is no recording, and see to it that the link's secret is not told."""
    with pytest.raises(NotFetched) as raised:
        await fetched(host, listed)
    assert "s3cret" not in str(raised.value)
    return raised.value


async def test_a_recording_comes_whole_and_is_named_by_its_host(host: WebHost) -> None:
    host.answers["/a"] = answer(200, RECORDING, content_type="text/html")

    assert await fetched(host) == (f"127.0.0.1:{host.port}", RECORDING)


async def test_a_recording_that_drips_is_recognised_all_the_same(host: WebHost) -> None:
    pieces = [RECORDING[:3], RECORDING[3:9], RECORDING[9:1000], RECORDING[1000:]]
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (*pieces, b""))
    host.answers["/a"] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + chunked

    assert (await fetched(host))[1] == RECORDING


@pytest.mark.parametrize(
    ("said", "error", "may_come", "words"),
    [
        (answer(202), RecordingNotReady, False, "answers 202: the recording is not ready"),
        (answer(204), RecordingNotReady, False, "is not ready"),
        (answer(409), RecordingNotReady, False, "is not ready"),
        (answer(404), RecordingMissing, True, "answers 404: the recording is not there"),
        (answer(410), RecordingMissing, True, "is not there"),
        (answer(401), AccessDenied, True, "is not handed out"),
        (answer(403), AccessDenied, True, "answers 403: the recording is not handed out"),
        (answer(200, b"<html>log in" * 999, content_type="text/html; x"), NotAudio, True, "html"),
        (answer(200, b'{"error": 1}'), NotAudio, True, "something that is no recording"),
        (answer(200), NotAudio, True, "is no recording"),
        (answer(200, RECORDING[: LEAST_BYTES - 1]), NotAudio, True, "2047 bytes, too few"),
        (answer(302, location="/a"), NotAudio, True, "more than 5 redirects"),
        (answer(200, b"x", content_encoding="br"), NotAudio, True, "compresses"),
        (answer(200, WAV + bytes(MOST)), TooLarge, False, "more than 100000 bytes"),
        (answer(200, RECORDING, content_length="9999"), FetchFailed, False, "broke off"),
        (answer(500), FetchFailed, False, "answers 500"),
        (answer(304), FetchFailed, False, "answers 304"),
        (b"", FetchFailed, False, "does not answer"),
        (answer(302, location="ftp://x/"), NotAllowed, False, "no link"),
    ],
)
async def test_what_a_host_says_is_told_in_the_words_of_calls(
    host: WebHost, said: bytes, error: type[NotFetched], may_come: bool, words: str
) -> None:
    host.answers["/a"] = said

    raised = await not_fetched(host)

    assert (type(raised), raised.may_come) == (error, may_come)
    assert words in str(raised)


@pytest.mark.parametrize(
    ("asked", "pause"), [("90", timedelta(seconds=90)), ("86400", timedelta(hours=1)), ("?", None)]
)
async def test_the_pause_that_a_host_asks_for_is_handed_on_within_an_hour(
    host: WebHost, asked: str, pause: timedelta | None
) -> None:
    host.answers["/a"] = answer(429, retry_after=asked)

    raised = await not_fetched(host)

    assert isinstance(raised, FetchFailed)
    assert raised.retry_after == pause


async def test_a_host_of_the_own_network_is_refused_with_the_setting_that_allows_it(
    host: WebHost,
) -> None:
    raised = await not_fetched(host, listed="other.example")

    assert isinstance(raised, NotAllowed)
    assert f"list 127.0.0.1:{host.port} in POTOK_CALL_SYNC_PRIVATE_HOSTS" in str(raised)
    assert not host.requests


async def test_a_recording_that_is_not_read_to_its_end_does_not_hold_up_the_next(
    host: WebHost,
) -> None:
    host.answers["/a"] = answer(200, WAV + bytes(MOST - len(WAV)))
    fetcher = Fetcher(private_hosts=[Host("127.0.0.1", None)], limits=FetchLimits(per_host=1))
    downloads = Downloads(fetcher, max_bytes=MOST, private_hosts="POTOK_CALL_SYNC_PRIVATE_HOSTS")
    link = host.link("/a", "127.0.0.1")

    async with downloads.fetch(link) as recording:
        await anext(recording.chunks)
    async with downloads.fetch(link) as recording:
        assert sum([len(chunk) async for chunk in recording.chunks]) == MOST
