"""The program that decodes recordings to be heard, by what it says of files of every sort."""

import subprocess
import sys
from pathlib import Path

import av
import pytest

from services.call_sync.adapters.coding import LEVELS, PARTS, Unplayable, code, look
from tests.fakes.sound import a_film, a_recording, a_sample
from tests.hearing import a_tone

HOUR = "3600"


def told(recording: Path, most: str = HOUR) -> tuple[bool, float, list[bytes]]:
    found = code(str(recording), f"{recording}.mp3", most)
    peaks = found["peaks"]
    assert isinstance(found["seconds"], float)
    assert isinstance(peaks, list)
    return bool(found["played"]), found["seconds"], [bytes.fromhex(each) for each in peaks]


def test_a_level_is_told_by_the_upper_byte_of_a_sample() -> None:
    def level(sample: int) -> int:
        return LEVELS[sample.to_bytes(2, "little", signed=True)[1]]

    assert [level(each) for each in (0, 255, -1, -256, 16_384, -16_385)] == [0, 0, 0, 0, 129, 129]
    assert [level(each) for each in (32_767, -32_768)] == [255, 255]


@pytest.mark.parametrize("seconds", [0.005, 0.5, 12.0])
def test_there_is_a_peak_for_each_hundredth_of_a_second_up_to_a_thousand(
    tmp_path: Path, seconds: float
) -> None:
    file = a_recording(tmp_path / "a.wav", "pcm_s16le", a_tone(9_000, 9_000, seconds=seconds))
    _, length, peaks = told(file)

    assert length == pytest.approx(seconds, abs=0.01)
    expected = min(PARTS, max(1, round(100 * seconds)))
    assert [abs(len(each) - expected) <= 1 and len(each) <= PARTS for each in peaks] == [True] * 2


def test_the_peaks_stand_where_the_sound_is(tmp_path: Path) -> None:
    _, _, [peaks] = told(a_recording(tmp_path / "a.wav", "pcm_alaw", a_tone(16_384, seconds=20)))

    assert max(peaks[:495]) < 8
    assert min(peaks[505:]) > 120


def test_amr_is_coded_again(tmp_path: Path) -> None:
    file = a_recording(tmp_path / "a.amr", "libopencore_amrnb", a_sample("call1_booking", 5)[:1])

    assert look(str(file)) == {"played": False}
    played, length, peaks = told(file)
    assert (played, len(peaks)) == (False, 1)
    assert length == pytest.approx(5, abs=0.1)
    with av.open(f"{file}.mp3", "r") as coded:
        assert coded.streams.audio[0].codec_context.channels == 1


def test_what_was_cut_off_is_heard_as_far_as_it_goes(tmp_path: Path) -> None:
    file = a_recording(tmp_path / "a.wav", "pcm_mulaw", a_tone(9_000, 9_000, seconds=10))
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])

    assert told(file)[1] == pytest.approx(5, abs=0.1)


def test_a_recording_in_a_film_is_heard(tmp_path: Path) -> None:
    file = a_recording(tmp_path / "a.mp4", "aac", a_tone(9_000, 9_000), video=True)

    assert look(str(file)) == {"played": True}


def test_what_is_longer_than_allowed_is_not_decoded_to_its_end(tmp_path: Path) -> None:
    file = a_recording(tmp_path / "a.wav", "pcm_s16le", a_tone(9_000, seconds=3))

    with pytest.raises(Unplayable, match="more than the 2 s"):
        told(file, "2")


def test_a_film_without_sound_says_so(tmp_path: Path) -> None:
    with pytest.raises(Unplayable, match="nothing here decodes"):
        look(str(a_film(tmp_path / "a.mp4")))


def test_a_playlist_opens_nothing(tmp_path: Path) -> None:
    sound = a_recording(tmp_path / "a.wav", "pcm_s16le", a_tone(9_000))
    playlist = tmp_path / "a.m3u8"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{sound}\n#EXT-X-ENDLIST\n")

    with pytest.raises(av.error.FFmpegError):
        look(str(playlist))


def test_the_service_itself_loads_no_decoder() -> None:
    program = "import sys, services.call_sync.__main__; sys.exit('av' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
