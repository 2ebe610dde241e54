"""The Whisper engine with its real model, on recordings and on what is none."""

import array
import asyncio
import json
import math
import multiprocessing
import os
import random
import signal
import sys
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
import pytest
import pytest_asyncio

from services.transcription.adapters.model import SpeechModel, embedded_model
from services.transcription.adapters.recognition_options import RecognitionOptions
from services.transcription.adapters.whisper import WhisperEngine
from services.transcription.dialogue import transcript, turns
from services.transcription.domain import (
    BadAudio,
    CallId,
    EmptyFile,
    NoSpeech,
    Recognition,
    RecognitionTimedOut,
    Speaker,
    TooShort,
    UnknownLanguage,
    WorkerDied,
)
from tests.fakes.sound import a_recording, a_sample
from tests.processes import is_alive
from tests.tree import ROOT
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

AUDIO = ROOT / "deploy" / "samples"
WRONG_NUMBER = AUDIO / "call4_wrong_number.wav"
BOOKING = AUDIO / "call1_booking.wav"
ENGLISH = ROOT / "tests" / "data" / "speech" / "english_garage.flac"
RATE = 8000


@pytest.fixture(scope="module")
def model() -> Iterator[SpeechModel]:
    with TemporaryDirectory() as cache:
        yield embedded_model(Path(cache))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(model: SpeechModel) -> AsyncIterator[WhisperEngine]:
    options = RecognitionOptions()
    async with WhisperEngine(model, options, processes=1, timeout_seconds=150) as engine:
        yield engine


def a_wav(path: Path, *channels: list[int]) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(RATE)
        interleaved = [sample for frame in zip(*channels, strict=True) for sample in frame]
        file.writeframes(array.array("h", interleaved).tobytes())
    return path


def a_ringing(seconds: float) -> list[int]:
    """Return the tone that is heard before somebody answers: 425 Hz, one second in five."""
    return [
        round(8000 * math.sin(2 * math.pi * 425 * n / RATE)) if n % (5 * RATE) < RATE else 0
        for n in range(int(seconds * RATE))
    ]


def a_noise(seconds: float) -> list[int]:
    """Return what a bad line sounds like when nobody speaks."""
    noise = random.Random(1)
    return [round(noise.gauss(0, 1000)) for _ in range(int(seconds * RATE))]


def a_greeting() -> list[int]:
    """Return what the operator says first."""
    with wave.open(str(WRONG_NUMBER)) as file:
        return array.array("h", file.readframes(4 * RATE)).tolist()[::2]


def the_child() -> int:
    (pid,) = (child.pid for child in multiprocessing.active_children())
    assert pid is not None
    return pid


def cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def peak_megabytes(pid: int | None) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1000


async def answers(engine: WhisperEngine) -> bool:
    with pytest.raises(BadAudio):
        await engine.transcribe(Path(__file__), "ru")
    return True


async def in_work(engine: WhisperEngine, recording: Path) -> tuple[asyncio.Task[Recognition], int]:
    """Return the task that transcribes `recording` and the child that is busy with it."""
    assert await answers(engine)
    pid = the_child()
    idle = cpu_ticks(pid)
    task = asyncio.create_task(engine.transcribe(recording, "ru"))
    await until(lambda: cpu_ticks(pid) > idle + 20, "the child works")
    return task, pid


async def test_stereo_call_becomes_a_dialogue_of_operator_and_client(engine: WhisperEngine) -> None:
    recognition = await engine.transcribe(WRONG_NUMBER, "ru")
    dialogue = turns(recognition.tracks)
    expected = json.loads(WRONG_NUMBER.with_suffix(".json").read_text())["turns"]
    assert [turn.speaker.value for turn in dialogue] == [turn["speaker"] for turn in expected]
    for turn, reference in zip(dialogue, expected, strict=True):
        assert turn.start_seconds == pytest.approx(reference["start"], abs=0.6)
        assert turn.end_seconds == pytest.approx(reference["end"], abs=0.6)
    for turn, word in zip(
        dialogue, ("добрый", "масло", "ошиблись", "извините", "свидания"), strict=True
    ):
        assert word in turn.text.lower()


async def test_recognition_says_what_it_was_made_from(engine: WhisperEngine) -> None:
    recognition = await engine.transcribe(WRONG_NUMBER, "ru")
    assert recognition.duration_seconds == pytest.approx(18.99, abs=0.02)
    assert (recognition.channels, recognition.overlap_reliable, recognition.language) == (
        2,
        True,
        "ru",
    )
    assert recognition.model == "whisper-base@d01c3014881c"
    words = [word for track in recognition.tracks for word in track.words]
    assert all(0 <= word.start <= word.end <= recognition.duration_seconds for word in words)
    assert all(0 < word.probability <= 1 for word in words)


async def test_mono_recording_has_an_unknown_speaker(engine: WhisperEngine, tmp_path: Path) -> None:
    mono = a_wav(tmp_path / "mono.wav", a_greeting())
    recognition = await engine.transcribe(mono, "ru")
    assert [track.speaker for track in recognition.tracks] == [Speaker.UNKNOWN]
    assert (recognition.channels, recognition.overlap_reliable) == (1, False)


@pytest.mark.parametrize("right", ["the same", "inverted", "silent"])
async def test_stereo_file_with_one_signal_has_an_unknown_speaker(
    engine: WhisperEngine, tmp_path: Path, right: str
) -> None:
    left = a_greeting()
    factor = {"the same": 1, "inverted": -1, "silent": 0}[right]
    both = a_wav(tmp_path / "both.wav", left, [factor * sample for sample in left])
    recognition = await engine.transcribe(both, "ru")
    assert [track.speaker for track in recognition.tracks] == [Speaker.UNKNOWN]
    assert (recognition.channels, recognition.overlap_reliable) == (2, False)


async def test_silence_ringing_and_noise_hold_no_speech(
    engine: WhisperEngine, tmp_path: Path
) -> None:
    silence = [0] * (3 * RATE)
    for recording in (
        a_wav(tmp_path / "silence.wav", silence, silence),
        a_wav(tmp_path / "ringing.wav", a_ringing(20)),
        a_wav(tmp_path / "noise.wav", a_noise(20)),
    ):
        with pytest.raises(NoSpeech, match="no speech"):
            await engine.transcribe(recording, "ru")


async def test_a_longer_call_takes_no_more_memory(model: SpeechModel, tmp_path: Path) -> None:
    """Three windows against twelve; as a whole the latter took 290 MB more."""
    options = RecognitionOptions(window_seconds=60)
    peaks: list[float] = []
    others = set(multiprocessing.active_children())
    async with WhisperEngine(model, options, processes=1, timeout_seconds=60) as engine:
        for minutes in (3, 12):
            call = np.zeros((1, minutes * 60 * RATE), np.int16)
            call[0, -4 * RATE :] = a_greeting()
            recording = a_recording(tmp_path / "long.wav", "pcm_alaw", call)

            recognition = await engine.transcribe(recording, "ru")

            assert recognition.tracks[0].words[0].start == pytest.approx(
                minutes * 60 - 3.5, abs=0.7
            )
            (child,) = set(multiprocessing.active_children()) - others
            peaks.append(peak_megabytes(child.pid))
    assert peaks[1] - peaks[0] < 150


async def test_half_a_second_is_too_short(engine: WhisperEngine, tmp_path: Path) -> None:
    with pytest.raises(TooShort, match=r"0\.5 s, less than 1 s"):
        await engine.transcribe(a_wav(tmp_path / "short.wav", a_ringing(0.5)), "ru")


async def test_sound_in_an_unknown_code_is_bad_audio(engine: WhisperEngine) -> None:
    with pytest.raises(BadAudio, match="nothing here decodes"):
        await engine.transcribe(AUDIO / "call5_damaged.wav", "ru")


async def test_file_without_bytes_is_empty(engine: WhisperEngine, tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    with pytest.raises(EmptyFile):
        await engine.transcribe(tmp_path / "empty.wav", "ru")


@pytest.mark.parametrize(
    "content",
    [
        b"<html>not found</html>" * 100,
        bytes(range(256)) * 40,
        b"RIFF\x00\x00\x00\x00WAVEfmt ",
        WRONG_NUMBER.read_bytes()[:44],
        b"#EXTM3U\n#EXT-X-TARGETDURATION:19\n#EXTINF:19,\nother.wav\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile other.wav\n",
    ],
    ids=["page", "bytes", "cut header", "header alone", "playlist", "list of files"],
)
async def test_what_is_no_recording_is_bad_audio(
    engine: WhisperEngine, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "other.wav").symlink_to(WRONG_NUMBER)
    (tmp_path / "call.m3u8").write_bytes(content)
    with pytest.raises(BadAudio) as caught:
        await engine.transcribe(tmp_path / "call.m3u8", "ru")
    assert str(tmp_path) not in str(caught.value)


async def test_unknown_language_is_refused_by_name(engine: WhisperEngine) -> None:
    with pytest.raises(UnknownLanguage, match="does not know the language 'xx'"):
        await engine.transcribe(WRONG_NUMBER, "xx")


async def test_killed_child_is_reported_and_the_next_call_works(engine: WhisperEngine) -> None:
    task, pid = await in_work(engine, BOOKING)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(WorkerDied):
        await task
    assert (await engine.transcribe(WRONG_NUMBER, "ru")).tracks


async def test_child_killed_between_calls_is_replaced(engine: WhisperEngine) -> None:
    assert await answers(engine)
    pid = the_child()
    os.kill(pid, signal.SIGKILL)
    await until(lambda: not is_alive(pid), "the child has ended")
    with suppress(
        BadAudio, WorkerDied
    ):  # the latter when the call comes before the death is noticed
        await engine.transcribe(Path(__file__), "ru")
    assert await answers(engine)


async def test_cancelling_kills_the_child_and_the_next_call_works(engine: WhisperEngine) -> None:
    task, pid = await in_work(engine, BOOKING)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not is_alive(pid), "the child has ended")
    assert await answers(engine)


async def test_recording_that_takes_too_long_is_given_up(model: SpeechModel) -> None:
    async with WhisperEngine(
        model, RecognitionOptions(), processes=1, timeout_seconds=0.3
    ) as engine:
        with pytest.raises(RecognitionTimedOut, match="not done after"):
            await engine.transcribe(BOOKING, "ru")


PARENT = """
import asyncio, multiprocessing, sys
from pathlib import Path
from services.transcription.adapters.recognition_options import RecognitionOptions
from services.transcription.adapters.model import SpeechModel
from services.transcription.adapters.whisper import WhisperEngine

async def main(model, recording, answer):
    model = SpeechModel(directory=Path(model), version="")
    engine = WhisperEngine(model, RecognitionOptions(), processes=1, timeout_seconds=60)
    work = asyncio.create_task(engine.transcribe(Path(recording), "ru"))
    while not multiprocessing.active_children():
        await asyncio.sleep(0.01)
    Path(answer).write_text(str(multiprocessing.active_children()[0].pid))
    await work

asyncio.run(main(*sys.argv[1:]))
"""


async def test_child_ends_with_a_parent_that_is_killed(model: SpeechModel, tmp_path: Path) -> None:
    answer = tmp_path / "pid"
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, model.directory, BOOKING, answer, cwd=ROOT
    )
    await until(lambda: answer.exists() and answer.read_text(), "the child is there")
    pid = int(answer.read_text())
    # Starting and loading takes two seconds at most, the recording another four.
    await until(lambda: cpu_ticks(pid) > 250, "the child works")
    parent.kill()
    spent = working = cpu_ticks(pid)
    with suppress(FileNotFoundError, ProcessLookupError):
        while is_alive(pid):
            spent = cpu_ticks(pid)
            await asyncio.sleep(0.01)
    await parent.wait()
    assert spent < working + 100, "it went on listening"


async def test_each_channel_is_heard_in_the_language_that_is_spoken_in_it(
    engine: WhisperEngine, tmp_path: Path
) -> None:
    """The client expects Russian; the operator speaks English, the client of the call Russian."""
    with av.open(str(ENGLISH)) as english:
        operator = np.concatenate([f.to_ndarray() for f in english.decode(audio=0)], axis=1)[0, ::2]
    client = a_sample("call1_booking")[1]
    length = min(len(operator), len(client))
    mixed = np.stack([operator[:length], client[:length]])

    recognition = await engine.transcribe(a_recording(tmp_path / "a.wav", "pcm_s16le", mixed), "ru")

    texts = {
        track.speaker: (track.language, "".join(word.text for word in track.words))
        for track in recognition.tracks
    }
    assert texts[Speaker.OPERATOR][0] == "en"
    assert "name is David" in texts[Speaker.OPERATOR][1]
    assert texts[Speaker.CLIENT][0] == "ru"
    heard = transcript(CallId("c1"), recognition).languages
    assert not any(each.unsure for each in heard)
    assert all(each.probability > 0.8 for each in heard)


async def test_a_call_in_another_language_is_heard_in_its_own(engine: WhisperEngine) -> None:
    made = transcript(CallId("c1"), await engine.transcribe(ENGLISH, "ru"))

    assert made.language == "en"
    assert not made.unsure_language
    assert "noise when I" in " ".join(turn.text for turn in made.segments)
