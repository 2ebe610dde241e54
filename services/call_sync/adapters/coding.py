"""Decodes one recording and codes it again where browsers could not play it: a program of its own, for coder.py.

    python coding.py look RECORDING
    python coding.py code RECORDING CODED MOST_SECONDS

prints JSON: `fault`, or whether it is `played` as it is, and of `code` its `seconds` and `peaks` (hexadecimal, of each
channel). Files come from strangers, so it has little memory, no environment, and imports nothing of ours.
"""

import json
import resource
import sys
from collections.abc import Iterator
from itertools import islice, pairwise
from typing import Final

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer

CONTAINERS = "aac,aiff,amr,amrnb,amrwb,asf,au,caf,flac,g722,gsm,matroska,mov,mp3,ogg,w64,wav"
"""A playlist would make FFmpeg open whatever files it names, so only containers are let in."""

PLAYED = {
    "mp3": {"mp3", "mp3float"},
    "mov": {"aac", "mp3", "mp3float"},
    "wav": {"pcm_u8", "pcm_s16le", "pcm_s24le"},
    "flac": {"flac"},
    "ogg": {"opus", "libopus", "vorbis", "libvorbis"},
    "matroska": {"opus", "libopus", "vorbis", "libvorbis"},
}
"""The codecs that Chrome, Firefox and Safari all play, by container; sound of telephones is in none of them.

Source: MDN, "Web audio codec guide" and "Media container formats"; Safari plays Ogg since 18.4 and Opus in WebM since
17.4. Bare AAC is played, but its length is guessed by its first frames, so that no second of it is found.
"""

CODEC: Final = "mp3"
RATE = 16_000
BITS_A_CHANNEL = 48_000
"""At a constant rate, so that a player finds a second by its byte."""
QUICK = "7"
"""Of LAME's 0 to 9: what telephones leave has nothing that more work would save."""
STEREO = 2
LAYOUTS = {1: "mono", STEREO: "stereo"}
UPPER = sys.byteorder == "little"
"""Where the upper byte of a sample is."""
LEVELS = bytes(2 * level + bool(level) for level in (*range(128), *reversed(range(128))))
"""How loud a sample is by its upper byte, 0 to 255: those from 128 are negative."""
BLOCK = RATE // 100
PARTS = 1_000
"""The most parts that the time is divided into."""
FIRST_FRAMES = 20
"""Whoever looks decodes so many, so that what begins with noise is not taken for sound."""
MEMORY = 1 << 30
FILE_BYTES = 1 << 30
MOST_CHANNELS = 8
MIN_RATE, MAX_RATE = 4_000, 192_000


class Unplayable(Exception):
    """The recording cannot be decoded; the text is for people."""


class Peaks:
    """The loudest sample of each hundredth of a second, channel by channel.

    The upper byte of a sample says enough to draw it, and there is one table that says how loud each is.
    """

    def __init__(self, channels: int) -> None:
        self._blocks: list[list[int]] = [[] for _ in range(channels)]
        self._rests = [b""] * channels
        self.samples = 0

    def add(self, frame: AudioFrame) -> None:
        """Take what was decoded, 16 bits a sample and each channel by itself."""
        self.samples += frame.samples
        for channel, blocks in enumerate(self._blocks):
            upper = bytes(frame.planes[channel])[UPPER : 2 * frame.samples : 2]
            levels = self._rests[channel] + upper.translate(LEVELS)
            whole = len(levels) - len(levels) % BLOCK
            blocks += [max(levels[at : at + BLOCK]) for at in range(0, whole, BLOCK)]
            self._rests[channel] = levels[whole:]

    def told(self) -> list[bytes]:
        """Return at most `PARTS` peaks of each channel."""
        return [
            _folded([*blocks, *([max(rest)] if rest else [])])
            for blocks, rest in zip(self._blocks, self._rests, strict=True)
        ]


def _folded(blocks: list[int]) -> bytes:
    parts = min(PARTS, len(blocks))
    bounds = [part * len(blocks) // parts for part in range(parts + 1)]
    return bytes(max(blocks[first:end]) for first, end in pairwise(bounds))


def look(recording: str) -> dict[str, object]:
    """Tell whether browsers play a recording, by its headers and its beginning; raises Unplayable."""
    with _opened(recording) as container:
        stream = _stream(container)
        if not any(frame.samples for frame in islice(_frames(container, stream), FIRST_FRAMES)):
            raise Unplayable("the recording holds no sound")
        return {"played": _is_played(container, stream)}


def code(recording: str, coded: str, most_seconds: str) -> dict[str, object]:
    """Decode all of a recording, and code it to a file where that is needed; raises Unplayable."""
    most = float(most_seconds)
    with _opened(recording) as container:
        stream = _stream(container)
        channels = min(STEREO, stream.codec_context.channels)
        played, peaks = _is_played(container, stream), Peaks(channels)
        resampled = _resampled(_frames(container, stream), LAYOUTS[channels])
        if played:
            for frame in resampled:
                _take(frame, peaks, most)
        else:
            _write(coded, channels, resampled, peaks, most)
    if not peaks.samples:
        raise Unplayable("the recording holds no sound")
    return {
        "played": played,
        "seconds": peaks.samples / RATE,
        "peaks": [each.hex() for each in peaks.told()],
    }


def _opened(recording: str) -> InputContainer:
    return av.open(recording, metadata_errors="ignore", options={"format_whitelist": CONTAINERS})


def _stream(container: InputContainer) -> AudioStream:
    known = [each for each in container.streams.audio if each.codec_context is not None]
    if not known:
        raise Unplayable("the sound is coded in a way that nothing here decodes")
    stream = known[0]
    _check(stream.codec_context.channels, stream.codec_context.sample_rate)
    return stream


def _check(channels: int, rate: int) -> None:
    if not (1 <= channels <= MOST_CHANNELS and MIN_RATE <= rate <= MAX_RATE):
        raise Unplayable(f"the sound has {channels} channels and {rate} samples a second")


def _is_played(container: InputContainer, stream: AudioStream) -> bool:
    """Tell whether browsers play a recording, and find a second of it: one without a length is coded again."""
    if not container.duration:
        return False
    names = container.format.name.split(",")
    return any(stream.codec_context.name in PLAYED.get(name, ()) for name in names)


def _frames(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """Yield what can be decoded; raises Unplayable where most cannot."""
    decoded = damaged = 0
    packets = container.demux(stream)
    while True:
        try:
            frames = next(packets).decode()
        except StopIteration:
            break
        except av.error.InvalidDataError:
            damaged += 1
            continue
        except av.error.FFmpegError:
            break
        decoded += 1
        yield from frames
    if damaged > decoded:
        raise Unplayable("most of the recording is damaged")


def _resampled(frames: Iterator[AudioFrame], layout: str) -> Iterator[AudioFrame]:
    """Yield the frames at one rate; a recording put together from others may change its format on the way."""
    resampler, form = None, None
    for frame in frames:
        frame.pts = None  # a jump in time would be refused
        coming = (frame.format.name, frame.layout.name, frame.sample_rate)
        if resampler is None or coming != form:
            if resampler is not None:
                yield from resampler.resample(None)
            _check(frame.layout.nb_channels, frame.sample_rate)
            resampler, form = AudioResampler(format="s16p", layout=layout, rate=RATE), coming
        yield from resampler.resample(frame)
    if resampler is not None:
        yield from resampler.resample(None)


def _take(frame: AudioFrame, peaks: Peaks, most_seconds: float) -> None:
    peaks.add(frame)
    if peaks.samples > most_seconds * RATE:
        raise Unplayable(f"the recording lasts more than the {most_seconds:g} s that are decoded")


def _write(
    coded: str, channels: int, frames: Iterator[AudioFrame], peaks: Peaks, most_seconds: float
) -> None:
    with av.open(coded, "w", format="mp3") as output:
        stream = output.add_stream(
            CODEC,
            rate=RATE,
            layout=LAYOUTS[channels],
            format="s16p",
            bit_rate=channels * BITS_A_CHANNEL,
            options={"compression_level": QUICK},
        )
        for frame in frames:
            _take(frame, peaks, most_seconds)
            frame.pts = None
            output.mux(stream.encode(frame))
        if peaks.samples:
            output.mux(stream.encode(None))


def _bound() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(what: str, *told: str) -> None:
    """Print what became of a recording."""
    _bound()
    try:
        found = look(*told) if what == "look" else code(*told)
    except Unplayable as error:
        found = {"fault": str(error)}
    except (av.error.FFmpegError, ValueError, ArithmeticError, LookupError):
        found = {"fault": "the recording is damaged, or in no format that recordings come in"}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
