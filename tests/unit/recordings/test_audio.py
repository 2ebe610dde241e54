import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.recordings.audio import (
    HEAD_BYTES,
    WAV_HEAD_BYTES,
    content_type,
    sound_start,
    wav_seconds,
)
from tests.tree import RECORDINGS


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"ID3\x03\x00\x00", "audio/mpeg"),
        (b"\xff\xfb\x90\x64", "audio/mpeg"),
        (b"\xff\xf3\x18\xc4", "audio/mpeg"),
        (b"\xff\xf1\x50\x80", "audio/aac"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav"),
        (b"RF64\xff\xff\xff\xffWAVEds64", "audio/wav"),
        (b"FORM\x00\x00\x00\x00AIFF", "audio/aiff"),
        (b"OggS\x00\x02", "audio/ogg"),
        (b"fLaC\x00", "audio/flac"),
        (b"#!AMR-WB\n", "audio/amr"),
        (b"\x1a\x45\xdf\xa3\x01", "audio/webm"),
        (b"\x00\x00\x00\x20ftypM4A ", "audio/mp4"),
        (b"\x00\x00\x00\x18ftyp3gp4", "audio/mp4"),
        (b"\x00\x00\x00\x18ftypMSNV", "audio/mp4"),
        (b"\x00\x00\x00\x08wide\x00\x01", "audio/mp4"),
        (b"\x00\x00\x00\x20ftypavif", None),
        (b"see moov and mdat", None),
        (b".snd\x00\x00\x00\x18", "audio/basic"),
        (b"caff\x00\x01\x00\x00desc", "audio/x-caf"),
        (b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00", "audio/x-w64"),
        (b"riff and raff, a tale", None),
        (b"", None),
        (b"RIFF\x24\x00\x00\x00AVI LIST", None),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", None),
        (b"12345678WAVE", None),
        (b"\x00\x00\x00\x20ftypheic", None),
        (b"<!DOCTYPE html>", None),
        (b'{"error": 404}', None),
        ("call".encode("utf-16"), None),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", None),
        (b"\xff\xfb\xf0\x64", None),
        (b"\xff\xfb\x9c\x64", None),
        (b"\xff\xeb\x90\x64", None),
        (b"%PDF-1.7", None),
        (b"PK\x03\x04", None),
    ],
)
def test_content_type_follows_the_first_bytes(head: bytes, media_type: str | None) -> None:
    assert content_type(head[:HEAD_BYTES]) == media_type


def test_the_sample_recordings_are_audio() -> None:
    found = [content_type(path.read_bytes()[:HEAD_BYTES]) for path in RECORDINGS.glob("*.wav")]

    assert found
    assert set(found) == {"audio/wav"}


@given(st.binary(max_size=HEAD_BYTES))
def test_any_head_has_an_answer(head: bytes) -> None:
    assert (content_type(head) or "audio/none").startswith("audio/")
    start, _ = sound_start(head) or (0, "")
    assert 0 <= start <= len(head)


WAV = b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00"
MP4 = b"\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00"
MP3 = b"\xff\xfb\x90\x64" + bytes(100)
OGG = b"OggS\x00\x02" + bytes(20)
FLAC = b"fLaC\x00\x00\x00\x22" + bytes(34)
ID3 = b"ID3\x03\x00\x00\x00\x00\x0f\x76" + bytes(20)


@pytest.mark.parametrize(
    "sound", [WAV, MP4, MP3, OGG, FLAC, ID3], ids=["wav", "mp4", "mp3", "ogg", "flac", "id3"]
)
@pytest.mark.parametrize(
    "before",
    [
        b"",
        b"\r\n",
        b"\r\n\r\n",
        b"\n \t",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xfe\xff\r\n",
        bytes(4),
        bytes(1000),
        b"HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\n\r\n",
        b"Content-Type: audio/mpeg\r\nContent-Length: 7\r\n\r\n",
        b"1f40\r\n",
        bytes(10_000),
    ],
    ids=lambda each: f"{len(each)} {each[:40]!r}",
)
def test_what_was_left_before_the_sound_counts_for_nothing(before: bytes, sound: bytes) -> None:
    found = sound_start(before + sound)

    assert found is not None
    start, media_type = found
    assert media_type == content_type(sound[:16])
    assert (before + sound)[start:] == sound


MPEG = {
    "mp3": (b"\xff\xfb\x90\x64", 417),
    "mp3 of 8 kHz": (b"\xff\xe3\x18\xc4", 72),
    "mp2": (b"\xff\xfd\xa4\x00", 576),
    "mp3 of 22 kHz": (b"\xff\xf3\x80\xc4", 208),
    "aac": (b"\xff\xf1\x50\x80\x10\x1f\xfc", 128),
}
"""The header of a frame, and how many bytes a frame has."""


@pytest.mark.parametrize("kind", MPEG)
@pytest.mark.parametrize(
    "before",
    [
        b"<br />\n<b>Warning</b>:  session_start() in <b>/rec.php</b> on line <b>3</b><br />\n",
        b'--b0undary\r\nContent-Disposition: form-data; name="f"\r\nContent-Type: audio/mpeg\r\n\r\n',
        b'{"ok": true}\n',
        b"200 OK\r\n",
        b"\xff\xff\xff\xfb",
        "Запись:\n".encode(),
    ],
    ids=repr,
)
def test_frames_that_follow_one_another_are_sound_wherever_they_begin(
    kind: str, before: bytes
) -> None:
    header, length = MPEG[kind]
    frame = header + bytes(length - len(header))

    found = sound_start(before + 3 * frame)

    assert found == (len(before), "audio/aac" if kind == "aac" else "audio/mpeg")
    assert sound_start(b"x" + before + frame + bytes(2000)) is None


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\r\n\r\n",
        bytes(4096),
        b"\xff\xfe" * 100,
        b"\r\n<!DOCTYPE html><html><body>RIFF WAVE fLaC OggS</body></html>",
        b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n<html>",
        b'{"error": "no recording"}',
        b"file,start_time\r\na.wav,2026-01-31T14:05:00\r\n",
        b"%PDF-1.7",
        "\ufeffзвонок".encode("utf-16"),
    ],
    ids=repr,
)
def test_what_is_no_sound_does_not_become_one(head: bytes) -> None:
    assert sound_start(head) is None


def a_wav(
    *, rate: int = 16_000, data: int = 32_000, before: bytes = b"", riff: bytes = b"RIFF"
) -> bytes:
    """Return the head of a WAV file of that many bytes a second, which states `data` bytes of sound."""
    form = b"\x01\x00\x01\x00" + (8000).to_bytes(4, "little") + rate.to_bytes(4, "little")
    chunks = b"fmt " + (16).to_bytes(4, "little") + form + b"\x02\x00\x10\x00" + before
    return riff + b"\0\0\0\0WAVE" + chunks + b"data" + data.to_bytes(4, "little")


NOTE = b"LIST" + (5).to_bytes(4, "little") + b"notes\0"


@pytest.mark.parametrize(
    ("head", "held", "seconds"),
    [
        (a_wav(), 32_000, 2.0),
        (a_wav(rate=32_000), 32_000, 1.0),
        (a_wav(before=NOTE), 32_000, 2.0),
        (a_wav(riff=b"RF64", data=0xFFFFFFFF), 48_000, 3.0),
        (a_wav(), 8_000, 0.5),
        (a_wav(data=0xFFFFFFFF), 16_000, 1.0),
        (a_wav(data=0), 16_000, 1.0),
        (a_wav(), 0, None),
        (a_wav(rate=0), 32_000, None),
        (a_wav(rate=1, data=0xFFFFFFF), 0xFFFFFFF, None),
        (b"RIFF\0\0\0\0WAVEdata\0\x10\0\0", 4096, None),
        (b"RIFF\0\0\0\0AVI fmt ", 4096, None),
        (b"OggS", 4096, None),
        (b"", 0, None),
    ],
)
def test_a_wav_file_says_how_long_it_is(head: bytes, held: int, seconds: float | None) -> None:
    assert wav_seconds(head, len(head) + held) == seconds


@given(st.binary(max_size=256), st.integers(0, 1 << 40))
def test_any_head_of_a_wav_file_has_an_answer(rest: bytes, size: int) -> None:
    seconds = wav_seconds(b"RIFF\0\0\0\0WAVE" + rest, size)

    assert seconds is None or 0 < seconds <= 24 * 3600


@pytest.mark.parametrize(
    ("name", "seconds"), [("call1_booking", 62.8), ("call2_price_objection", 55.7)]
)
def test_the_sample_recordings_say_how_long_they_are(name: str, seconds: float) -> None:
    file = RECORDINGS / f"{name}.wav"
    head = file.read_bytes()[:WAV_HEAD_BYTES]

    assert wav_seconds(head, file.stat().st_size) == pytest.approx(seconds, abs=0.1)
