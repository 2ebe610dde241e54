"""What transcription is told by its environment."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from services.stage.settings import StageSettings
from services.status.domain import Cost

OnnxModelName = Literal[
    "gigaam-v2-ctc",
    "gigaam-v2-rnnt",
    "gigaam-v3-ctc",
    "gigaam-v3-rnnt",
    "gigaam-v3-e2e-ctc",
    "gigaam-v3-e2e-rnnt",
    "gigaam-multilingual-ctc",
]


class TranscriptionSettings(StageSettings):
    """The settings of transcription: POTOK_TRANSCRIPTION_…."""

    model_config = SettingsConfigDict(env_prefix="POTOK_TRANSCRIPTION_")

    listen: str = "127.0.0.1:8052"
    drain: timedelta = timedelta(seconds=1)
    """How long calls and recordings under way may take to end on SIGTERM.

    Few recordings end within seconds; waiting for them would only keep the caller of the stop waiting.
    """
    upstream: str = "127.0.0.1:8051"
    """`host:port` of call_sync, where calls and recordings come from."""
    bot_status: str = "127.0.0.1:8055"
    """`host:port` of bot_status, where meetings come from."""
    model_dir: Path | None = None
    """A directory with a CTranslate2 Whisper model; without it the one that is installed along."""
    onnx_model: OnnxModelName | None = None
    """A model of onnx-asr, whose weights are in `model_dir`; it recognises the languages it knows, Whisper the others."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """What a model here is computed on; `auto` is a GPU where CTranslate2 sees one."""
    compute_type: str = Field(default="auto", pattern=r"^[a-z0-9_]{1,30}$")
    """The numbers that it is computed with, any type that CTranslate2 has on the device; `auto` is the best measured."""
    url: str | None = Field(default=None, pattern=r"^https?://[^\s/]+")
    """A server that speaks OpenAI's protocol, with its path, as in `http://127.0.0.1:8080/v1`; it recognises speech instead."""
    api_key: SecretStr = SecretStr("")
    """What opens the server; empty where nothing has to."""
    model: str | None = Field(default=None, min_length=1, max_length=200, validate_default=True)
    """The model, as the server calls it."""
    request_timeout: timedelta = Field(default=timedelta(minutes=5), gt=timedelta(0))
    """How long the server may take to answer for one chunk, at most five minutes of one speaker."""
    requests: int = Field(default=4, ge=1)
    """Recordings at a time where a server recognises speech."""
    price_per_minute: float | None = Field(default=None, ge=0)
    """What the server takes for a minute of sound; a call in stereo is two."""
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    """The currency of the price, an ISO 4217 code."""
    model_cache_dir: Path = Path("~/.cache/potok")
    """Where the model that is installed along is put together at first use, 145 MB."""
    left: Literal["operator", "client", "caller", "callee"] = "operator"
    """Who speaks on the left channel of a stereo recording.

    Telephone systems put an employee there, or who placed the call, or who took it.
    """
    min_seconds: float = Field(default=1.0, ge=0)
    """A shorter recording is skipped."""
    max_seconds: float = Field(default=4 * 3600.0, gt=0)
    """A longer recording is refused."""
    max_recording_bytes: int = Field(default=500_000_000, gt=0)
    """A larger recording is refused."""
    recording_timeout: timedelta = timedelta(minutes=5)
    """How long a recording may take to come from call_sync."""
    processes: int = Field(default=os.cpu_count() or 1, ge=1)
    """Recordings that are decoded at a time, and recognised where no server does it; each takes up to 1.1 GB."""
    timeout: timedelta = timedelta(minutes=45)
    """How long one recording may take.

    With `recording_timeout` less than the coordinator's `progress_limit`, so that it ends its item, not the run.
    """

    @field_validator("model")
    @classmethod
    def _server_and_model(cls, model: str | None, info: ValidationInfo) -> str | None:
        url = info.data.get("url")
        if (model is None) != (url is None):
            raise ValueError("set both POTOK_TRANSCRIPTION_URL and …_MODEL, or neither")
        if url is not None and info.data.get("model_dir") is not None:
            raise ValueError("set POTOK_TRANSCRIPTION_MODEL_DIR or …_URL, not both")
        return model

    @field_validator("onnx_model")
    @classmethod
    def _weights(cls, onnx_model: str | None, info: ValidationInfo) -> str | None:
        if onnx_model is not None and info.data.get("model_dir") is None:
            raise ValueError("set POTOK_TRANSCRIPTION_MODEL_DIR to the directory of its weights")
        return onnx_model

    @property
    def concurrency(self) -> int:
        """Recordings at a time: a model takes all of a processor, a server is mostly waited for."""
        return self.processes if self.url is None else self.requests

    @property
    def price(self) -> Cost | None:
        """What a minute of sound costs, None where that is not set."""
        if self.price_per_minute is None:
            return None
        return Cost(amount=self.price_per_minute, currency=self.currency)
