"""Sound as child processes read it: what PyAV decodes, in windows, so that hours need no more memory than minutes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from services.transcription.adapters.headers import (
    check_format,
    check_length,
    decoding,
    told_seconds,
)
from services.transcription.adapters.likeness import Likeness
from services.transcription.adapters.recognition_options import RecognitionOptions
from services.transcription.domain import (
    BadAudio,
    EmptyFile,
    RecordingTooLong,
    Speaker,
    TooShort,
)

Samples: TypeAlias = NDArray[np.int16]
"""A voice, one dimension; or a block of all channels, (channels, samples)."""

Floats: TypeAlias = NDArray[np.float32]
"""A voice at full scale 1."""

RATE = 16_000
STEREO = 2
FULL_SCALE = 32_768

CUT_SHARE = 0.1
"""A window ends at the quietest moment of its last tenth, half a minute, in which everybody pauses."""

BLOCK_SECONDS = 5

HEARD_SHARE, HEARD_SECONDS = 0.01, 1.0
"""By so much less, of its length or in seconds, is what is heard of a whole recording; of one that was cut it is more."""

SILENCE = 0.0005
"""Level below which a channel carries nothing; what A-law makes of silence is 0.00024."""

# The default threshold of the voice detector, 0.5, loses short first words; below 0.2 loud noise is speech (docs/speech.md).
SPEECH: dict[str, Any] = {"threshold": 0.2, "min_silence_duration_ms": 500}

# A playlist would make FFmpeg open whatever files it names, so only containers are let in.
CONTAINERS = "aac,aiff,amr,amrnb,amrwb,asf,au,caf,flac,g722,gsm,matroska,mov,mp3,ogg,w64,wav"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """What is known of a recording before its words are recognised.

    `channels` counts those of the file; `seconds` is what was decoded, whatever the file says of
    itself, `told_seconds` how long it says it is where that is more, as in one that was cut off, else 0. `voices` tells on which channel, 0 or 1, each speaker is. There is one speaker, UNKNOWN,
    where no two channels carry different things, or all channels are one voice, `mixed`.
    """

    channels: int
    seconds: float
    voices: Mapping[Speaker, int]
    told_seconds: float = 0.0
    mixed: bool = False

    @property
    def decoded_channels(self) -> int:
        """How many channels the recording is decoded to."""
        return 1 if self.mixed else self.channels

    @property
    def speakers_apart(self) -> bool:
        """Whether each speaker has a channel of their own."""
        return len(self.voices) == STEREO


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of one voice at 16 kHz, which begins `start_seconds` into the recording."""

    speaker: Speaker
    start_seconds: float
    samples: Samples

    @property
    def scaled(self) -> Floats:
        """The samples at full scale 1."""
        return self.samples.astype(np.float32) / np.float32(FULL_SCALE)


def survey(recording: Path, options: RecognitionOptions) -> Sound:
    """Decode all of `recording` once, keeping nothing; raises BadAudio and its kin, TooShort, RecordingTooLong."""
    channels, told = _header(recording, options.max_seconds)
    length = 0
    totals: NDArray[np.float64] = np.zeros(1)
    squares: NDArray[np.float64] = np.zeros(1)
    likeness = Likeness()
    for block in _blocks(recording, 1 if options.mixed else channels):
        length += block.shape[1]
        if length > options.max_seconds * RATE:
            raise RecordingTooLong(
                f"the recording lasts more than the {options.max_seconds:.0f} s allowed"
            )
        scaled = block.astype(np.float32) / np.float32(FULL_SCALE)
        totals = totals + scaled.sum(axis=1, dtype=np.float64)
        squares = squares + np.square(scaled).sum(axis=1, dtype=np.float64)
        if len(scaled) == STEREO:
            likeness.add(scaled)
    if not length:
        raise BadAudio("the file holds no sound")
    if length < options.min_seconds * RATE:
        raise TooShort(
            f"the recording lasts {length / RATE:.1f} s, less than {options.min_seconds:g} s"
        )
    levels = np.sqrt(np.maximum(squares / length - np.square(totals / length), 0))
    seconds = length / RATE
    missing = told - seconds > max(HEARD_SECONDS, HEARD_SHARE * told)
    return Sound(
        channels=channels,
        seconds=seconds,
        voices=_voices(levels, likeness, options),
        told_seconds=told if missing and told <= options.max_seconds else 0.0,
        mixed=options.mixed,
    )


def windows(recording: Path, sound: Sound, window_seconds: float) -> Iterator[list[Window]]:
    """Decode `recording` again; yields a window of each voice at a time, which follow one another without a gap."""
    longest = round(window_seconds * RATE)
    kept: dict[Speaker, list[Samples]] = {speaker: [] for speaker in sound.voices}
    starts = dict.fromkeys(sound.voices, 0)

    def cut(*, last: bool) -> Iterator[Window]:
        for speaker, blocks in kept.items():
            samples = np.concatenate(blocks)
            end = len(samples) if last else _quietest(samples, longest)
            yield Window(
                speaker=speaker, start_seconds=starts[speaker] / RATE, samples=samples[:end]
            )
            starts[speaker] += end
            blocks[:] = [samples[end:]]

    for block in _blocks(recording, sound.decoded_channels):
        for speaker, channel in sound.voices.items():
            kept[speaker].append(block[channel])
        if max(sum(map(len, blocks)) for blocks in kept.values()) >= longest:
            yield list(cut(last=False))
    yield list(cut(last=True))


def _header(recording: Path, max_seconds: float) -> tuple[int, float]:
    """Return how many channels the recording has and how long it says it is; raises EmptyFile, BadAudio, RecordingTooLong."""
    if recording.stat().st_size == 0:
        raise EmptyFile("the file is empty")
    with decoding(), _opened(recording) as container:
        stream = _stream(container)
        channels = stream.codec_context.channels
        check_format(channels, stream.codec_context.sample_rate)
        told = told_seconds(recording, container, stream)
        check_length(container, stream, max_seconds)
        return channels, told


def _opened(recording: Path) -> InputContainer:
    return av.open(
        str(recording), metadata_errors="ignore", options={"format_whitelist": CONTAINERS}
    )


def _stream(container: InputContainer) -> AudioStream:
    """Return the first stream of sound in stereo, which may tell the speakers apart, else the first of all."""
    if not container.streams.audio:
        raise BadAudio("the file holds no sound")
    known = [stream for stream in container.streams.audio if stream.codec_context is not None]
    if not known:
        raise BadAudio("the sound is coded in a way that nothing here decodes")
    return max(known, key=lambda stream: stream.codec_context.channels == STEREO)


def _blocks(recording: Path, channels: int) -> Iterator[Samples]:
    """Yield the sound, (1, n) or for stereo (2, n), in blocks of some seconds.

    A recording that ends in the middle is read as far as it goes: what was said until then was said.
    """
    layout = "stereo" if channels == STEREO else "mono"
    gathered: list[Samples] = []
    with decoding():
        for frame in _resampled(_frames(recording), layout):
            gathered.append(frame.to_ndarray().astype(np.int16, copy=False))
            if sum(block.shape[1] for block in gathered) >= BLOCK_SECONDS * RATE:
                yield np.concatenate(gathered, axis=1)
                gathered = []
        if gathered:
            yield np.concatenate(gathered, axis=1)


def _frames(recording: Path) -> Iterator[AudioFrame]:
    """Yield what can be decoded; raises BadAudio where most of it cannot."""
    decoded = damaged = 0
    with _opened(recording) as container:
        packets = container.demux(_stream(container))
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
        raise BadAudio("most of the recording is damaged")


def _resampled(frames: Iterator[AudioFrame], layout: str) -> Iterator[AudioFrame]:
    """Yield the frames at 16 kHz; a recording put together from others may change its format on the way."""
    resampler, form = None, None
    for frame in frames:
        frame.pts = None  # a jump in time would be refused
        coming = (frame.format.name, frame.layout.name, frame.sample_rate)
        if resampler is None or coming != form:
            if resampler is not None:
                yield from resampler.resample(None)
            check_format(frame.layout.nb_channels, frame.sample_rate)
            resampler, form = AudioResampler(format="s16p", layout=layout, rate=RATE), coming
        yield from resampler.resample(frame)
    if resampler is not None:
        yield from resampler.resample(None)


def _voices(
    levels: NDArray[np.float64], likeness: Likeness, options: RecognitionOptions
) -> Mapping[Speaker, int]:
    if len(levels) == 1 or levels.min() < SILENCE or likeness.are_same():
        return {Speaker.UNKNOWN: int(levels.argmax())}
    return {speaker: channel for channel, speaker in enumerate(options.speakers)}


def _quietest(samples: Samples, longest: int) -> int:
    """Return where to cut: in the middle of the quietest half second at the end."""
    step = RATE // 10
    tail = samples[-max(round(CUT_SHARE * longest), RATE) :].astype(np.float32)
    tenths = np.square(tail[: len(tail) // step * step]).reshape(-1, step).sum(axis=1)
    halves = np.convolve(tenths, np.ones(5), mode="valid")
    return len(samples) - len(tail) + int(halves.argmin()) * step + RATE // 4
