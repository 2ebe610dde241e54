"""A call_sync with recordings of many kinds, behind a real Envoy."""

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from potok.status.v1 import progress_pb2, stage_pb2

from tests.conftest import Database
from tests.fakes.sound import RATE, Samples, a_recording
from tests.gateway import Gateway, running_gateway
from tests.identity import identity_told, open_channel
from tests.processes import running_service
from tests.stage_runs import a_stage_request, items_of, run_to_end
from tests.waiting import until_ready

MARCH = progress_pb2.DateRange(start_date="2026-03-01", end_date="2026-03-31")
SECONDS = 3
Written = Callable[[Path], object]


def a_tone(*levels: int, seconds: float = SECONDS) -> Samples:
    """Return a tone that is silent in the first half, and as loud as `levels` on each channel after it."""
    times = np.arange(round(seconds * RATE))
    tone = np.sin(times * 2 * np.pi * 440 / RATE) * (times >= len(times) // 2)
    return np.array([level * tone for level in levels]).astype(np.int16)


STEREO = a_tone(16_384, 8_192)
KINDS: Mapping[str, tuple[str, str, int]] = {
    "mp3": ("mp3", "libmp3lame", RATE),
    "aac": ("m4a", "aac", RATE),
    "adts": ("aac", "aac", RATE),
    "flac": ("flac", "flac", RATE),
    "opus": ("ogg", "libopus", 48_000),
    "pcm": ("wav", "pcm_s16le", RATE),
    "alaw": ("wav", "pcm_alaw", RATE),
    "mulaw": ("wav", "pcm_mulaw", RATE),
    "adpcm": ("wav", "adpcm_ima_wav", RATE),
    "ms_adpcm": ("wav", "adpcm_ms", RATE),
    "float": ("wav", "pcm_f32le", RATE),
    "au": ("au", "pcm_mulaw", RATE),
    "aiff": ("aiff", "pcm_s16be", RATE),
    "wma": ("wma", "wmav2", RATE),
    "mp2": ("mp2", "mp2", 16_000),
}
"""Ending, codec and rate of each kind of recording; all are `STEREO`."""
PLAYED_AS_IT_IS = {"mp3", "aac", "flac", "opus", "pcm"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """A call_sync that has calls of the client `clinic`, each by the name of its file."""

    gateway: Gateway
    address: str
    folder: Path
    kept: Path

    async def list(self, **files: Written) -> None:
        """Have it fetch recordings, each written by its function; the name is its id."""
        rows = ["call_id,file,start_time"]
        for minute, (name, write) in enumerate(files.items()):
            file, _, ending = name.rpartition("_")
            write(self.folder / f"{file}.{ending}")
            rows.append(f"{file},{file}.{ending},2026-03-01T10:{minute:02}")
        (self.folder / "calls.csv").write_text("\n".join(rows))
        async with open_channel(self.address) as channel:
            await until_ready(channel)
            request = a_stage_request(
                stage_pb2.STAGE_CALL_SYNC, 1, MARCH, source=f"folder:{self.folder}"
            )
            await run_to_end(channel, request)
            items = await items_of(channel, request)
        assert {each.state for each in items.values()} == {stage_pb2.ITEM_STATE_SUCCESS}


def path(call_id: str, what: str = "recording", client: str = "clinic") -> str:
    """Return the path of a call's recording, or of what else there is of it."""
    return f"/api/v1/owners/client:{client}/calls/{call_id}/{what}"


def coded(codec: str, rate: int = RATE, samples: Samples = STEREO) -> Written:
    """Return what writes a recording."""
    return lambda file: a_recording(file, codec, samples, rate=rate)


@contextlib.asynccontextmanager
async def running_hearing(
    database: Database, port: int, folder: Path, **settings: str
) -> AsyncIterator[Hearing]:
    """Run a call_sync and a gateway before it until the block ends."""
    address, kept, calls = f"127.0.0.1:{port}", folder / "kept", folder / "calls"
    calls.mkdir()
    told = {
        **identity_told(database, "call_sync"),
        "LISTEN": address,
        **dict.fromkeys(
            ("COORDINATOR", "TRANSCRIPTION", "ANALYSIS", "RECOMMENDATIONS"), "127.0.0.1:1"
        ),
        "REPORT_TIMEOUT": "PT1S",
        "RECORDINGS": f"file://{kept}",
        **settings,
    }
    async with (
        running_service("call_sync", told),
        running_gateway({"call_sync": [address]}) as gateway,
    ):
        yield Hearing(gateway=gateway, address=address, folder=calls, kept=kept)
