"""What analysis is told by its environment."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.stage.settings import StageSettings

PACKAGED_PLAYBOOKS = Path(__file__).with_name("playbooks")


class AnalysisSettings(StageSettings):
    """The settings of analysis: POTOK_ANALYSIS_…."""

    model_config = SettingsConfigDict(env_prefix="POTOK_ANALYSIS_")

    listen: str = "127.0.0.1:50053"
    upstream: str = "127.0.0.1:50052"
    """`host:port` of transcription."""
    calls: str = "127.0.0.1:50051"
    """`host:port` of call_sync."""
    payload_timeout: timedelta = timedelta(seconds=20)
    """How long the calls and transcripts of a job may take to come."""
    playbooks: Path = PACKAGED_PLAYBOOKS
    """The directory of the playbooks, each a `<name>.yaml`."""
    batch: int = Field(default=20, ge=1, le=100)
    """Calls a job."""
    concurrency: int = Field(default=2, ge=1)
    """Jobs at a time in one process."""
    job_timeout: timedelta = timedelta(minutes=10)
    """How long one job may take at the most."""
