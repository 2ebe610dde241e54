"""What is read of recordings in all the formats they come in, and of what is none."""

import contextlib
import struct
import wave
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from services.transcription.adapters.recognition_options import RecognitionOptions
from services.transcription.adapters.sound import (
    RATE,
    Samples,
    Sound,
    survey,
    windows,
)
from services.transcription.domain import (
    BadAudio,
    EmptyFile,
    NotTranscribed,
    RecordingTooLong,
    Speaker,
    TooShort,
)
from tests.fakes.sound import RATE as LINE
from tests.fakes.sound import a_film, a_recording, a_sample
from tests.tree import RECORDINGS

CALL = a_sample("call4_wrong_number")
WINDOW = 60
SECONDS = CALL.shape[1] / LINE
APART = {Speaker.OPERATOR: 0, Speaker.CLIENT: 1}
TOGETHER = {Speaker.UNKNOWN: 0}


def read(recording: Path, sound: Sound) -> Mapping[Speaker, Samples]:
    """Return all samples of each voice, after looking whether its windows leave no gap."""
    voices: dict[Speaker, list[Samples]] = {}
    for row in windows(recording, sound, WINDOW):
        for window in row:
            before = voices.setdefault(window.speaker, [])
            assert window.start_seconds == sum(map(len, before)) / RATE
            before.append(window.samples)
    return {speaker: np.concatenate(parts) for speaker, parts in voices.items()}


def likeness(decoded: Samples, said: Samples) -> float:
    """Return how well loudness over time correlates; encoders shift what they write by up to 0.2 s."""
    out, into = loudness(decoded, RATE), loudness(said, LINE)[5:]
    length = min(len(out), len(into)) - 15
    return max(
        float(np.corrcoef(into[:length], out[shift : shift + length])[0, 1]) for shift in range(15)
    )


def loudness(samples: Samples, rate: int) -> NDArray[np.float64]:
    """Return the level of each 20 ms."""
    step = rate // 50
    pieces = samples[: len(samples) // step * step].reshape(-1, step).astype(np.float64)
    levels: NDArray[np.float64] = pieces.std(axis=1)
    return levels


FORMATS = [
    ("wav", "pcm_s16le", LINE, 2),
    ("wav", "pcm_s16le", 44_100, 1),
    ("wav", "pcm_u8", LINE, 1),
    ("wav", "pcm_alaw", LINE, 2),
    ("wav", "pcm_mulaw", LINE, 2),
    ("wav", "adpcm_ima_wav", LINE, 2),
    ("wav", "adpcm_ms", LINE, 1),
    ("wav", "g722", 16_000, 1),
    ("wav", "libmp3lame", 16_000, 1),
    ("w64", "pcm_s16le", LINE, 2),
    ("au", "pcm_mulaw", LINE, 1),
    ("aiff", "pcm_s16be", LINE, 2),
    ("caf", "pcm_s16le", LINE, 2),
    ("mp3", "libmp3lame", LINE, 1),
    ("mp3", "libmp3lame", 44_100, 2),
    ("ogg", "vorbis", 16_000, 2),
    ("ogg", "libopus", 16_000, 2),
    ("opus", "libopus", 48_000, 1),
    ("webm", "libopus", 48_000, 2),
    ("mka", "ac3", 48_000, 2),
    ("aac", "aac", 16_000, 2),
    ("m4a", "aac", LINE, 1),
    ("m4a", "alac", LINE, 2),
    ("flac", "flac", LINE, 2),
    ("wma", "wmav2", 44_100, 2),
    ("amr", "libopencore_amrnb", LINE, 1),
    ("3gp", "libopencore_amrnb", LINE, 1),
]


@pytest.mark.parametrize(("container", "codec", "rate", "channels"), FORMATS)
def test_the_voices_of_every_format_are_those_that_were_recorded(
    tmp_path: Path, container: str, codec: str, rate: int, channels: int
) -> None:
    said = CALL if channels == 2 else (CALL // 2).sum(axis=0, keepdims=True, dtype=np.int16)
    recording = a_recording(tmp_path / f"call.{container}", codec, said, rate=rate)

    sound = survey(recording, RecognitionOptions())

    assert (sound.channels, dict(sound.voices)) == (channels, APART if channels == 2 else TOGETHER)
    assert sound.seconds == pytest.approx(SECONDS, abs=0.25)
    assert not sound.told_seconds
    for decoded, voice in zip(read(recording, sound).values(), said, strict=True):
        assert likeness(decoded, voice) > 0.95


@pytest.mark.parametrize(
    ("container", "codec"), [("mp4", "aac"), ("webm", "libopus")], ids=["mp4", "webm"]
)
def test_a_meeting_in_stereo_is_one_voice_with_all_that_is_said(
    tmp_path: Path, container: str, codec: str
) -> None:
    rate = 48_000 if codec == "libopus" else 16_000
    recording = a_recording(tmp_path / f"meeting.{container}", codec, CALL, rate=rate)

    sound = survey(recording, RecognitionOptions(mixed=True))

    assert (sound.channels, sound.voices, sound.speakers_apart) == (2, TOGETHER, False)
    (decoded,) = read(recording, sound).values()
    both = (CALL // 2).sum(axis=0, dtype=np.int16)
    assert likeness(decoded, both) > 0.95


def test_video_is_listened_to_as_its_sound(tmp_path: Path) -> None:
    recording = a_recording(tmp_path / "call.mp4", "aac", CALL, rate=16_000, video=True)

    assert survey(recording, RecognitionOptions()).voices == APART


def test_of_several_streams_the_one_in_stereo_is_heard(tmp_path: Path) -> None:
    recording = a_recording(tmp_path / "call.mp4", "aac", CALL[:1] // 2, CALL, rate=16_000)

    sound = survey(recording, RecognitionOptions())

    assert (sound.channels, sound.voices) == (2, APART)


@pytest.mark.parametrize(
    "claimed", [0, 0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x70000000], ids=hex
)
def test_a_length_in_the_header_that_is_wrong_does_not_matter(tmp_path: Path, claimed: int) -> None:
    content = bytearray((RECORDINGS / "call4_wrong_number.wav").read_bytes())
    assert content[36:40] == b"data"
    content[40:44] = claimed.to_bytes(4, "little")
    (tmp_path / "call.wav").write_bytes(content)

    sound = survey(tmp_path / "call.wav", RecognitionOptions())
    assert sound.seconds == pytest.approx(SECONDS, abs=0.1)
    assert not sound.told_seconds


@pytest.mark.parametrize(
    ("container", "codec", "rate"),
    [
        ("wav", "pcm_s16le", LINE),
        ("mp3", "libmp3lame", LINE),
        ("opus", "libopus", 48_000),
        ("flac", "flac", LINE),
    ],
)
def test_a_recording_that_is_cut_off_is_heard_as_far_as_it_goes(
    tmp_path: Path, container: str, codec: str, rate: int
) -> None:
    recording = a_recording(tmp_path / f"call.{container}", codec, CALL, rate=rate)
    content = recording.read_bytes()
    recording.write_bytes(content[: len(content) // 2])

    sound = survey(recording, RecognitionOptions())

    assert sound.seconds == pytest.approx(SECONDS / 2, abs=1.5)
    told = 0 if container == "opus" else SECONDS  # Ogg has no length in its header
    assert sound.told_seconds == pytest.approx(told, abs=0.1)
    for decoded, voice in zip(read(recording, sound).values(), CALL, strict=True):
        assert likeness(decoded, voice) > 0.95


def test_some_damage_costs_no_more_than_itself(tmp_path: Path) -> None:
    recording = a_recording(tmp_path / "call.mp3", "libmp3lame", CALL)
    content = bytearray(recording.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 1000] = bytes(1000)
    recording.write_bytes(content)

    assert survey(recording, RecognitionOptions()).seconds == pytest.approx(SECONDS, abs=1)


def test_a_recording_that_changes_its_rate_on_the_way_is_heard_to_its_end(tmp_path: Path) -> None:
    first = a_recording(tmp_path / "first.aac", "aac", CALL, rate=16_000)
    second = a_recording(tmp_path / "second.aac", "aac", CALL, rate=32_000)
    both = tmp_path / "both.aac"
    both.write_bytes(first.read_bytes() + second.read_bytes())

    assert survey(both, RecognitionOptions()).seconds == pytest.approx(2 * SECONDS, abs=0.5)


def test_one_signal_on_both_channels_is_one_voice(tmp_path: Path) -> None:
    for name, other in {"same": CALL[0], "inverted": -CALL[0], "quieter": CALL[0] // 4}.items():
        both = np.stack([CALL[0], other])

        sound = survey(
            a_recording(tmp_path / f"{name}.wav", "pcm_s16le", both), RecognitionOptions()
        )

        assert (sound.channels, sound.voices) == (2, TOGETHER), name
        assert not sound.speakers_apart


def late(samples: Samples, milliseconds: float) -> Samples:
    """Return a voice as it comes later, also by parts of a sample."""
    length = samples.shape[-1]
    turns = np.fft.rfftfreq(length) * LINE * milliseconds / 1000
    shifted = np.fft.irfft(np.fft.rfft(samples) * np.exp(-2j * np.pi * turns), length)
    return np.clip(shifted, -32_768, 32_767).astype(np.int16)


BOTH = (CALL // 2).sum(axis=0, dtype=np.int16)
NOISE = np.random.default_rng(1).normal(0, BOTH.std() / 8, BOTH.shape).astype(np.int16)


@pytest.mark.parametrize("milliseconds", [-80, 0.3, 1, 5.06, 83.4, 200])
@pytest.mark.parametrize("codec", ["pcm_s16le", "pcm_alaw"])
def test_one_voice_that_is_late_on_a_channel_is_one_voice(
    tmp_path: Path, codec: str, milliseconds: float
) -> None:
    other = late(BOTH, milliseconds)
    forms = {"late": other, "inverted": -other, "quieter": other // 8, "noisy": other // 2 + NOISE}
    for name, form in forms.items():
        recording = a_recording(tmp_path / f"{name}.wav", codec, np.stack([BOTH, form]))

        assert survey(recording, RecognitionOptions()).voices == TOGETHER, name


def test_a_recording_of_two_seconds_may_be_late_too(tmp_path: Path) -> None:
    said = BOTH[4 * LINE : 6 * LINE]
    recording = a_recording(tmp_path / "call.wav", "pcm_s16le", np.stack([said, late(said, 80)]))

    assert survey(recording, RecognitionOptions()).voices == TOGETHER


@pytest.mark.parametrize("loud", [0.1, 0.3, 0.5])
def test_two_people_on_a_line_that_echoes_stay_two(tmp_path: Path, loud: float) -> None:
    left, right = CALL // 2
    echoes = np.stack([left + loud * late(right, 30), right + loud * late(left, 30)])
    recording = a_recording(tmp_path / "call.wav", "pcm_s16le", echoes.astype(np.int16))

    assert survey(recording, RecognitionOptions()).voices == APART


def test_who_says_one_word_beside_an_echo_is_heard(tmp_path: Path) -> None:
    left, right = CALL // 2
    loudest = int(np.convolve(np.square(right.astype(float)), np.ones(LINE // 2), "valid").argmax())
    word = np.zeros_like(right)
    word[loudest : loudest + LINE // 2] = right[loudest : loudest + LINE // 2]
    quiet = np.stack([left, (word + 0.3 * late(left, 30)).astype(np.int16)])
    recording = a_recording(tmp_path / "call.wav", "pcm_s16le", quiet)

    assert survey(recording, RecognitionOptions()).voices == APART


def test_hum_on_both_channels_makes_no_one_voice_of_two(tmp_path: Path) -> None:
    hum = (3000 * np.sin(2 * np.pi * 50 * np.arange(CALL.shape[1]) / LINE)).astype(np.int16)
    recording = a_recording(tmp_path / "call.wav", "pcm_s16le", CALL // 2 + hum)

    assert survey(recording, RecognitionOptions()).voices == APART


@pytest.mark.parametrize("codec", ["pcm_s16le", "pcm_alaw", "pcm_mulaw"])
def test_a_channel_that_carries_nothing_leaves_the_voice_of_the_other(
    tmp_path: Path, codec: str
) -> None:
    nothing = np.random.default_rng(1).integers(-8, 9, CALL.shape[1], np.int16)
    recording = a_recording(tmp_path / "call.wav", codec, np.stack([nothing, CALL[1]]))

    sound = survey(recording, RecognitionOptions())

    assert sound.voices == {Speaker.UNKNOWN: 1}
    assert likeness(read(recording, sound)[Speaker.UNKNOWN], CALL[1]) > 0.95


def test_more_channels_than_two_are_heard_as_one(tmp_path: Path) -> None:
    path = tmp_path / "room.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(4)
        file.setsampwidth(2)
        file.setframerate(LINE)
        file.writeframes(np.repeat(CALL[0], 4).tobytes())

    sound = survey(path, RecognitionOptions())

    assert (sound.channels, sound.voices) == (4, TOGETHER)
    assert likeness(read(path, sound)[Speaker.UNKNOWN], CALL[0]) > 0.95


def test_windows_are_cut_where_it_is_quiet(tmp_path: Path) -> None:
    """A noise that pauses once near the end of each window; the tail of the first goes into the second."""
    noise = np.random.default_rng(1).integers(-9000, 9000, (1, 2 * WINDOW * LINE), np.int16)
    pause = WINDOW - 4
    noise[:, pause * LINE : (pause + 1) * LINE] = 0
    recording = a_recording(tmp_path / "long.wav", "pcm_s16le", noise)
    sound = survey(recording, RecognitionOptions())

    (first,), (second,), *_ = windows(recording, sound, WINDOW)

    assert len(first.samples) / RATE == pytest.approx(pause + 0.5, abs=0.3)
    assert second.start_seconds == len(first.samples) / RATE
    assert len(read(recording, sound)[Speaker.UNKNOWN]) == pytest.approx(sound.seconds * RATE)


def test_what_is_too_short_too_long_or_empty_is_refused_by_its_reason(tmp_path: Path) -> None:
    recording = a_recording(tmp_path / "call.wav", "pcm_s16le", CALL)
    with pytest.raises(TooShort, match=r"19\.0 s, less than 20 s"):
        survey(recording, RecognitionOptions(min_seconds=20))
    with pytest.raises(RecordingTooLong, match="more than the 18 s allowed"):
        survey(recording, RecognitionOptions(max_seconds=18))
    (tmp_path / "empty.wav").touch()
    with pytest.raises(EmptyFile, match="the file is empty"):
        survey(tmp_path / "empty.wav", RecognitionOptions())


def test_film_without_sound_and_a_header_alone_hold_no_sound(tmp_path: Path) -> None:
    film = a_film(tmp_path / "film.mp4")
    with pytest.raises(BadAudio, match="the file holds no sound"):
        survey(film, RecognitionOptions())
    header = tmp_path / "header.wav"
    header.write_bytes((RECORDINGS / "call4_wrong_number.wav").read_bytes()[:44])
    with pytest.raises(BadAudio, match="the file holds no sound"):
        survey(header, RecognitionOptions())


def a_wav(path: Path, **header: int) -> Path:
    """Write 64 kB of noise under a header that says what is asked for."""
    data = np.random.default_rng(1).integers(-2000, 2000, 32_000, np.int16).tobytes()
    said = {"form": 1, "channels": 1, "rate": LINE, "bits": 16, "size": len(data)} | header
    block = said["channels"] * said["bits"] // 8
    path.write_bytes(
        struct.pack(
            "<4sI4s4sIHHIIHH4sI",
            *(b"RIFF", (36 + said["size"]) % 2**32, b"WAVE", b"fmt ", 16),
            *(said["form"], said["channels"], said["rate"]),
            *(said["rate"] * block % 2**32, block % 2**16, said["bits"], b"data", said["size"]),
        )
        + data
    )
    return path


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ({"channels": 0}, "0 channels, where 1 to 8"),
        ({"channels": 9}, "9 channels, where 1 to 8"),
        ({"channels": 64}, "64 channels, where 1 to 8"),
        ({"channels": 255}, "255 channels, where 1 to 8"),
        ({"channels": 65535}, "channels, where 1 to 8"),
        ({"rate": 0}, "damaged"),
        ({"rate": 1}, "1 samples a second, where 4000 to 192000"),
        ({"rate": 100}, "100 samples a second"),
        ({"rate": 2**31 - 1}, "2147483647 samples a second"),
        ({"rate": 2**31}, "damaged"),
        ({"rate": 2**32 - 1}, "damaged"),
        ({"form": 0xFFFF}, "decodes|damaged|no sound"),
    ],
)
def test_a_header_that_no_call_has_is_refused_before_anything_is_decoded(
    tmp_path: Path, header: dict[str, int], says: str
) -> None:
    with pytest.raises(BadAudio, match=says):
        survey(a_wav(tmp_path / "call.wav", **header), RecognitionOptions())


@pytest.mark.parametrize("channels", range(1, 9))
def test_up_to_eight_channels_are_heard(tmp_path: Path, channels: int) -> None:
    recording = a_wav(tmp_path / "call.wav", channels=channels, rate=4000)

    assert survey(recording, RecognitionOptions(min_seconds=0)).channels == channels


def test_of_a_recording_that_says_it_is_too_long_nothing_is_decoded(tmp_path: Path) -> None:
    hours = a_recording(tmp_path / "call.flac", "flac", np.zeros((1, 600 * LINE), np.int16))
    content = bytearray(hours.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)  # cannot be decoded
    hours.write_bytes(content)

    with pytest.raises(RecordingTooLong, match="more than the 200 s allowed"):
        survey(hours, RecognitionOptions(max_seconds=200))


def test_a_flac_that_says_it_is_longer_than_it_is_is_heard(tmp_path: Path) -> None:
    recording = a_recording(tmp_path / "call.flac", "flac", CALL)
    content = bytearray(recording.read_bytes())
    samples = int.from_bytes(content[21:26], "big")
    content[21:26] = (samples & ~0xFFFFFFFFF | 0xFFFFFFFF).to_bytes(5, "big")  # 149 hours
    recording.write_bytes(content)

    sound = survey(recording, RecognitionOptions())

    assert sound.seconds == pytest.approx(SECONDS, abs=0.1)
    assert not sound.told_seconds


@pytest.mark.parametrize(
    ("container", "codec", "rate"),
    [
        ("wav", "pcm_s16le", LINE),
        ("wav", "adpcm_ima_wav", LINE),
        ("flac", "flac", LINE),
        ("mp3", "libmp3lame", LINE),
        ("ogg", "libopus", 16_000),
        ("m4a", "aac", 16_000),
        ("webm", "libopus", 48_000),
        ("au", "pcm_mulaw", LINE),
        ("aiff", "pcm_s16be", LINE),
        ("caf", "pcm_s16le", LINE),
        ("amr", "libopencore_amrnb", LINE),
    ],
)
def test_whatever_happened_to_a_recording_is_told_by_a_reason(
    tmp_path: Path, container: str, codec: str, rate: int
) -> None:
    said = CALL[: 1 if container == "amr" else 2, 4 * LINE : 6 * LINE]
    whole = a_recording(tmp_path / f"call.{container}", codec, said, rate=rate).read_bytes()
    randoms = np.random.default_rng(1)
    for number in range(60):
        content = bytearray(whole)
        head = min(len(content), 200 if number % 2 else len(content))
        for at in randoms.integers(4 if number % 3 else 0, head, 6):
            content[at] = (0, 255, 128, int(randoms.integers(256)))[int(randoms.integers(4))]
        if number % 5 == 0:
            content = content[: int(randoms.integers(1, len(content)))]
        path = tmp_path / f"{number}.{container}"
        path.write_bytes(content)
        with contextlib.suppress(NotTranscribed):
            sound = survey(path, RecognitionOptions(max_seconds=60))
            assert sum(len(row) for row in windows(path, sound, WINDOW))
