"""What transcription is told by its environment."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.stage.settings import StageSettings


class TranscriptionSettings(StageSettings):
    """The settings of transcription: POTOK_TRANSCRIPTION_…."""

    model_config = SettingsConfigDict(env_prefix="POTOK_TRANSCRIPTION_")

    listen: str = "127.0.0.1:50052"
    drain: timedelta = timedelta(seconds=1)
    """How long calls and recordings under way may take to end on SIGTERM.

    Few recordings end within seconds; waiting for them would only keep the caller of the stop waiting.
    """
    upstream: str = "127.0.0.1:50051"
    """`host:port` of call_sync, where calls and recordings come from."""
    model_dir: Path | None = None
    """A directory with a CTranslate2 Whisper model; without it the one that is installed along."""
    model_cache_dir: Path = Path("~/.cache/potok")
    """Where the model that is installed along is put together at first use, 145 MB."""
    left: Literal["operator", "client"] = "operator"
    """Who speaks on the left channel of a stereo recording."""
    min_seconds: float = Field(default=1.0, ge=0)
    """A shorter recording is skipped."""
    max_seconds: float = Field(default=4 * 3600.0, gt=0)
    """A longer recording is refused: it is decoded into memory, 250 MB per channel and hour."""
    max_recording_bytes: int = Field(default=500_000_000, gt=0)
    """A larger recording is refused."""
    recording_timeout: timedelta = timedelta(minutes=5)
    """How long a recording may take to come from call_sync."""
    processes: int = Field(default=os.cpu_count() or 1, ge=1)
    """Recordings at a time; each process of the model takes about 460 MB."""
    timeout: timedelta = timedelta(minutes=45)
    """How long one recording may take in its process.

    With `recording_timeout` less than the coordinator's `progress_limit`, so that it ends its item, not the run.
    """
