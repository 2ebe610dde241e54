"""The engine behind a URL, against a server on loopback that really listens."""

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
import pytest
import pytest_asyncio
from pydantic import SecretStr
from starlette.responses import JSONResponse, PlainTextResponse, Response

from services.status.domain import Cost
from services.transcription.adapters.model import embedded_model
from services.transcription.adapters.recognition_options import RecognitionOptions
from services.transcription.adapters.speech_server import SpeechServer, SpeechServerEngine
from services.transcription.dialogue import turns
from services.transcription.domain import (
    BadAudio,
    BadTranscript,
    EngineClosed,
    EngineRefused,
    EngineUnavailable,
    NoSpeech,
    NotTranscribed,
    RecognitionTimedOut,
    RecordingTooLarge,
    Speaker,
)
from tests.fakes.sound import a_recording, a_sample
from tests.fakes.speech_server import KEY, SpeechServerDouble, refusal, speech_server
from tests.tree import RECORDINGS
from tests.waiting import PATIENCE

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALL = RECORDINGS / "call4_wrong_number.wav"
TWO_WORDS = JSONResponse(
    {
        "text": "Раз, два.",
        "words": [
            {"word": "Раз", "start": 0.5, "end": 0.75},
            {"word": "два", "start": 2.0, "end": 3.0},
        ],
    }
)


@pytest.fixture(scope="module")
def model() -> Iterator[Path]:
    with TemporaryDirectory() as cache:
        yield embedded_model(Path(cache)).directory


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(model: Path) -> AsyncIterator[SpeechServerDouble]:
    async with speech_server(model) as server:
        yield server


@pytest.fixture
def server(running: SpeechServerDouble) -> SpeechServerDouble:
    """The server as it behaves well, nothing sent to it yet."""
    running.granularities, running.answers, running.silent = ("word", "segment"), [], False
    running.forms.clear()
    running.came.clear()
    return running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(running: SpeechServerDouble) -> AsyncIterator[SpeechServerEngine]:
    async with connected(at(running)) as engine:
        yield engine


def at(server: SpeechServerDouble) -> SpeechServer:
    return SpeechServer(
        url=server.url,
        api_key=SecretStr(KEY),
        model="base",
        timeout=timedelta(seconds=PATIENCE),
        price=Cost(amount=0.006, currency="USD"),
    )


@asynccontextmanager
async def connected(
    server: SpeechServer, timeout_seconds: float = PATIENCE
) -> AsyncIterator[SpeechServerEngine]:
    async with SpeechServerEngine(
        server, RecognitionOptions(), processes=1, timeout_seconds=timeout_seconds
    ) as engine:
        yield engine


async def test_each_channel_is_sent_by_itself_and_becomes_a_speaker(
    server: SpeechServerDouble, engine: SpeechServerEngine
) -> None:
    recognition = await engine.transcribe(CALL, "ru")

    dialogue = turns(recognition.tracks)
    assert [turn.speaker.value for turn in dialogue[:3]] == ["operator", "client", "operator"]
    assert "масло" in dialogue[1].text
    assert dialogue[1].text.endswith(".")  # which the words come without
    assert dialogue[1].start_seconds == pytest.approx(4.6, abs=2)
    words = [word for track in recognition.tracks for word in track.words]
    assert all(0 < word.probability <= 1 for word in words)
    assert all(0 <= word.start <= word.end <= 20 for word in words)
    assert (recognition.model, recognition.channels, recognition.overlap_reliable) == (
        "base",
        2,
        True,
    )
    assert recognition.duration_seconds == pytest.approx(19.0, abs=0.1)
    assert [(f["file"], f["language"], f["model"]) for f in server.forms] == [
        ("voice.flac", "ru", "base")
    ] * 2
    for form in server.forms:
        with av.open(io.BytesIO(form["content"])) as sent:
            context = sent.streams.audio[0].codec_context
            assert (context.name, context.channels, context.sample_rate) == ("flac", 1, 16_000)


async def test_a_server_that_knows_no_words_gives_segments_whose_times_are_spread(
    server: SpeechServerDouble, engine: SpeechServerEngine
) -> None:
    server.granularities = ("segment",)

    recognition = await engine.transcribe(CALL, "ru")

    [client] = [track for track in recognition.tracks if track.speaker is Speaker.CLIENT]
    assert "масло" in "".join(word.text for word in client.words)
    assert all(
        a.end <= b.start + 0.01 for a, b in zip(client.words, client.words[1:], strict=False)
    )


async def test_long_calls_are_sent_in_parts_and_silence_is_not_sent(
    server: SpeechServerDouble, engine: SpeechServerEngine, tmp_path: Path
) -> None:
    call = np.zeros((2, 12 * 60 * 8000), np.int16)
    speech = a_sample("call4_wrong_number")
    for minute, channel in ((1, 0), (9, 1)):
        start = minute * 60 * 8000
        call[channel, start : start + speech.shape[1]] = speech[channel]
    server.answers = [TWO_WORDS, TWO_WORDS]

    recognition = await engine.transcribe(
        a_recording(tmp_path / "long.wav", "pcm_alaw", call), "ru"
    )

    assert len(server.forms) == 2
    assert all(len(form["content"]) < 25_000_000 for form in server.forms)
    first, second = ([word.start for word in track.words] for track in recognition.tracks)
    assert first == pytest.approx([60.9, 62.4], abs=1)
    assert second == pytest.approx([544.7, 546.2], abs=1)
    assert [word.text for word in recognition.tracks[0].words] == [" Раз,", " два."]


async def test_nothing_is_sent_of_what_holds_no_speech(
    server: SpeechServerDouble, engine: SpeechServerEngine, tmp_path: Path
) -> None:
    silence = a_recording(tmp_path / "silence.wav", "pcm_s16le", np.zeros((2, 24_000), np.int16))
    with pytest.raises(NoSpeech):
        await engine.transcribe(silence, "ru")
    with pytest.raises(BadAudio):
        await engine.transcribe(Path(__file__), "ru")
    assert not server.forms


async def test_a_server_that_hears_nothing_finds_no_speech(
    server: SpeechServerDouble, engine: SpeechServerEngine
) -> None:
    server.answers = [JSONResponse({"text": "", "words": [], "segments": []})] * 2

    with pytest.raises(NoSpeech):
        await engine.transcribe(CALL, "ru")


REFUSALS = [
    (refusal(429, "rate_limit", "slow down", retry_after="17"), EngineUnavailable, "rate"),
    (refusal(429, "insufficient_quota", "pay"), EngineClosed, "used up"),
    (refusal(500, "oops", "oops"), EngineUnavailable, "HTTP 500"),
    (refusal(503, "busy", "busy", retry_after="3"), EngineUnavailable, "HTTP 503"),
    (refusal(408, "slow", "slow"), EngineUnavailable, "HTTP 408"),
    (refusal(401, "no", "no"), EngineClosed, "set POTOK_TRANSCRIPTION_API_KEY"),
    (refusal(403, "no", "no"), EngineClosed, "check POTOK_TRANSCRIPTION_API_KEY and _MODEL"),
    (refusal(404, "no", "no"), EngineClosed, "no model base: check POTOK_TRANSCRIPTION_MODEL"),
    (refusal(413, "big", "big"), RecordingTooLarge, "five minutes"),
    (refusal(400, "bad", "language xx"), EngineRefused, "HTTP 400: .*language xx"),
    (JSONResponse({"text": "Алло."}), BadTranscript, "tells no times"),
    (JSONResponse({"words": [{"word": "a"}]}), BadTranscript, "tells no times"),
    (JSONResponse({"words": [7]}), BadTranscript, "not answer with a transcript"),
    (PlainTextResponse("<html>"), BadTranscript, "not answer with a transcript"),
]


@pytest.mark.parametrize(("answer", "error", "says"), REFUSALS)
async def test_what_the_server_answers_instead_is_told_by_its_reason(
    server: SpeechServerDouble,
    engine: SpeechServerEngine,
    answer: Response,
    error: type[NotTranscribed],
    says: str,
) -> None:
    server.answers = [answer]

    with pytest.raises(error, match=says) as caught:
        await engine.transcribe(CALL, "ru")

    assert KEY not in str(caught.value)
    assert len(server.forms) == 1  # the stage tries again, nobody else
    if isinstance(caught.value, EngineUnavailable):
        asked = answer.headers.get("retry-after")
        assert caught.value.retry_after == (timedelta(seconds=float(asked)) if asked else None)


async def test_a_wrong_key_and_a_wrong_model_are_told_by_their_settings(
    server: SpeechServerDouble,
) -> None:
    async with connected(replace(at(server), api_key=SecretStr("other"))) as engine:
        with pytest.raises(EngineClosed, match="API_KEY") as caught:
            await engine.transcribe(CALL, "ru")
        assert "other" not in str(caught.value)
    async with connected(replace(at(server), model="large")) as engine:
        with pytest.raises(EngineClosed, match="no model large"):
            await engine.transcribe(CALL, "ru")


async def test_a_server_that_does_not_answer_is_given_up(server: SpeechServerDouble) -> None:
    server.silent = True
    async with connected(replace(at(server), timeout=timedelta(seconds=0.3))) as engine:
        with pytest.raises(RecognitionTimedOut, match="did not answer within"):
            await engine.transcribe(CALL, "ru")


async def test_a_server_that_is_not_there_may_come_back(server: SpeechServerDouble) -> None:
    async with connected(replace(at(server), url="http://127.0.0.1:1/v1")) as engine:
        with pytest.raises(EngineUnavailable, match="check POTOK_TRANSCRIPTION_URL"):
            await engine.transcribe(CALL, "ru")


async def test_cancelling_ends_the_request_and_the_next_call_works(
    server: SpeechServerDouble, engine: SpeechServerEngine
) -> None:
    server.silent = True
    task = asyncio.create_task(engine.transcribe(CALL, "ru"))
    await asyncio.wait_for(server.came.wait(), PATIENCE)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    server.silent, server.answers = False, [TWO_WORDS, TWO_WORDS]
    assert (await engine.transcribe(CALL, "ru")).tracks


def heard(language: str, sure: float, text: str = "what is said here") -> Response:
    """Return an answer of three words and more, each with the same probability."""
    words = [
        {"word": f" {word}", "start": n * 0.5, "end": n * 0.5 + 0.4, "probability": sure}
        for n, word in enumerate(text.split())
    ]
    return JSONResponse({"language": language, "text": text, "words": words})


@pytest.mark.parametrize(
    ("answers", "words", "language", "unsure"),
    [
        ([heard("russian", 0.9, "раз два три")], "раз два три", "ru", False),
        (
            [heard("russian", 0.4, "раз два"), heard("english", 0.8)],
            "what is said here",
            "en",
            False,
        ),
        ([heard("russian", 0.4, "раз два"), heard("english", 0.45)], "раз два", "ru", True),
        ([heard("russian", 0.4, "раз два"), heard("russian", 0.3)], "раз два", "ru", False),
        ([heard("", 0.4, "раз два"), heard("", 0.9)], "раз два", "ru", False),
        ([heard("english", 0.9, "раз два"), heard("en", 0.95)], "what is said here", "en", False),
    ],
)
async def test_a_voice_that_is_unsure_is_heard_once_more_in_whichever_language(
    server: SpeechServerDouble,
    engine: SpeechServerEngine,
    tmp_path: Path,
    answers: list[Response],
    words: str,
    language: str,
    unsure: bool,
) -> None:
    server.answers = list(answers)
    call = a_recording(tmp_path / "call.wav", "pcm_s16le", a_sample("call4_wrong_number")[1:])

    recognition = await engine.transcribe(call, "ru")

    [track] = recognition.tracks
    assert "".join(word.text for word in track.words).strip() == words
    assert (track.language, track.language_unsure) == (language, unsure)
    assert [form.get("language") for form in server.forms] == ["ru", None][: len(answers)]


async def test_a_call_is_priced_as_if_both_channels_had_to_be_heard(
    engine: SpeechServerEngine,
) -> None:
    price = engine.price(90)
    assert price is not None
    assert price.amount == pytest.approx(0.036)
    assert price.currency == "USD"
