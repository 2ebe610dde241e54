"""What call_sync is told by its environment."""

from datetime import timedelta

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from services.stage.settings import StageSettings


class CallSyncSettings(StageSettings):
    """The settings of call_sync: POTOK_CALL_SYNC_…."""

    model_config = SettingsConfigDict(env_prefix="POTOK_CALL_SYNC_")

    listen: str = "127.0.0.1:50051"
    recordings: str
    """Where recordings are kept: `file:///absolute/directory`, which is created, or `s3://bucket/prefix`."""
    max_recording_bytes: int = Field(default=500_000_000, gt=0)
    """A larger recording is refused."""
    batch: int = Field(default=20, ge=1, le=100)
    """Calls a job."""
    concurrency: int = Field(default=2, ge=1)
    """Jobs at a time in one process."""
    job_timeout: timedelta = timedelta(minutes=20)
    """How long one job may take at the most."""

    @field_validator("recordings")
    @classmethod
    def _is_a_store(cls, url: str) -> str:
        if not url.startswith(("file:///", "s3://")):
            raise ValueError("write file:///absolute/directory or s3://bucket/prefix")
        return url
