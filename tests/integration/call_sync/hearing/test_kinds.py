"""Every kind of recording comes as something that browsers play, and tells how loud it is."""

import base64
import io

import av

from tests.hearing import (
    KINDS,
    PLAYED_AS_IT_IS,
    SECONDS,
    Hearing,
    coded,
    path,
)


async def test_what_browsers_play_comes_as_it_is_and_the_rest_is_coded_again(
    hearing: Hearing,
) -> None:
    await hearing.list(
        **{f"{kind}_{ending}": coded(codec, rate) for kind, (ending, codec, rate) in KINDS.items()}
    )
    async with hearing.gateway.http() as http:
        for kind, (ending, _, _) in KINDS.items():
            source = (hearing.folder / f"{kind}.{ending}").read_bytes()
            answer = await http.get(path(kind))

            assert answer.status_code == 200, (kind, answer.text)
            assert answer.headers["accept-ranges"] == "bytes"
            assert int(answer.headers["content-length"]) == len(answer.content)
            assert answer.headers["cache-control"] == "private"
            assert (answer.content == source) == (kind in PLAYED_AS_IT_IS), kind
            if kind not in PLAYED_AS_IT_IS:
                assert answer.headers["content-type"] == "audio/mpeg", kind
            with av.open(io.BytesIO(answer.content), "r") as container:
                assert container.duration
                assert abs(container.duration / av.time_base - SECONDS) < 0.3, kind

            waveform = (await http.get(path(kind, "waveform"))).json()
            assert abs(waveform["duration_seconds"] - SECONDS) < 0.3, kind
            peaks = [base64.b64decode(each["peaks"]) for each in waveform["channels"]]
            assert [
                abs(max(each) - level) < 16 for each, level in zip(peaks, (128, 64), strict=True)
            ] == [True, True], (kind, [max(p) for p in peaks])
            assert all(max(each[:100]) < 8 for each in peaks), kind
