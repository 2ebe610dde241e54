"""Parts of recordings by HTTP, through a real Envoy."""

import random

import pytest
from potok.call_sync.v1 import recording_service_pb2 as pb
from potok.call_sync.v1.recording_service_pb2_grpc import RecordingServiceStub

from tests.hearing import Hearing, a_tone, coded, path
from tests.identity import open_channel

LONG = a_tone(9_000, 9_000, seconds=40)
"""More than one piece of what is streamed: 1.3 MB of WAV."""


async def heard(hearing: Hearing) -> bytes:
    """Have two recordings, one of which is coded again; returns the bytes of the other."""
    await hearing.list(
        plain_wav=coded("pcm_s16le", samples=LONG), phone_au=coded("pcm_mulaw", samples=LONG)
    )
    return (hearing.folder / "plain.wav").read_bytes()


@pytest.mark.parametrize("call_id", ["plain", "phone"])
async def test_any_sequence_of_parts_makes_the_whole(hearing: Hearing, call_id: str) -> None:
    await heard(hearing)
    async with hearing.gateway.http() as http:
        whole = (await http.get(path(call_id))).content
        for seed in range(4):
            chance = random.Random(seed)
            cuts = sorted({0, *(chance.randrange(1, len(whole)) for _ in range(8))})
            parts = []
            for first, end in zip(cuts, [*cuts[1:], None], strict=True):
                asked = f"bytes={first}-" if end is None else f"bytes={first}-{end - 1}"
                answer = await http.get(path(call_id), headers={"range": asked})

                last = (end or len(whole)) - 1
                assert answer.status_code == 206
                assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(whole)}"
                assert answer.headers["content-length"] == str(last - first + 1)
                parts.append(answer.content)
            assert b"".join(parts) == whole


async def test_a_range_is_answered_as_http_says(hearing: Hearing) -> None:
    whole = await heard(hearing)
    size = len(whole)
    async with hearing.gateway.http() as http:

        async def ask(range_: str, **more: str) -> tuple[int, str | None, bytes]:
            headers = {"range": range_, **{name.replace("_", "-"): more[name] for name in more}}
            answer = await http.get(path("plain"), headers=headers)
            return answer.status_code, answer.headers.get("content-range"), answer.content

        assert await ask("bytes=0-0") == (206, f"bytes 0-0/{size}", whole[:1])
        assert await ask("bytes=-5") == (206, f"bytes {size - 5}-{size - 1}/{size}", whole[-5:])
        assert await ask(f"bytes=9-{size + 9}") == (206, f"bytes 9-{size - 1}/{size}", whole[9:])
        for none in ("bytes=0-1,3-4", "bytes=9-3", "seconds=0-1", "bytes=a-b", "bytes=-", "0-1"):
            assert await ask(none) == (200, None, whole), none

        etag = (await http.get(path("plain"))).headers["etag"]
        assert (await ask("bytes=0-0", if_range=etag))[0] == 206
        assert (await ask("bytes=0-0", if_range='"another"')) == (200, None, whole)


async def test_a_range_behind_the_end_is_refused_with_the_size(hearing: Hearing) -> None:
    size = len(await heard(hearing))
    async with hearing.gateway.http() as http:
        for behind in (f"bytes={size}-", f"bytes={size + 7}-{size + 9}", "bytes=-0"):
            answer = await http.get(path("plain"), headers={"range": behind})

            assert answer.status_code == 416
            assert answer.headers["content-range"] == f"bytes */{size}"
            assert answer.json()["code"] == 11
            assert "behind the end" in answer.json()["message"]


async def test_who_asks_by_grpc_gets_messages_and_no_parts_of_http(hearing: Hearing) -> None:
    whole = await heard(hearing)
    request = pb.GetRecordingRequest(owner="client:clinic", call_id="plain")
    async with open_channel(hearing.gateway.address) as channel:
        stub = RecordingServiceStub(channel)
        all_of_it = [piece.data async for piece in stub.GetRecording(request)]
        call = stub.GetRecording(request, metadata=[("range", "bytes=5-9")])
        part = [piece.data async for piece in call]

    assert b"".join(all_of_it) == whole
    assert b"".join(part) == whole[5:10]
    assert "content-length" not in dict(await call.initial_metadata())
