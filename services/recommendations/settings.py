"""What recommendations is told by its environment."""

from datetime import timedelta
from typing import Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from services.llm.settings import ModelSettings
from services.stage.settings import StageSettings


class RecommendationsSettings(StageSettings):
    """The settings of recommendations: POTOK_RECOMMENDATIONS_…."""

    model_config = SettingsConfigDict(
        env_prefix="POTOK_RECOMMENDATIONS_",
        env_nested_delimiter="_",  # POTOK_RECOMMENDATIONS_MODEL_URL is the `url` of `model`
        env_nested_max_split=1,
    )

    listen: str = "127.0.0.1:8054"
    upstream: str = "127.0.0.1:8053"
    """`host:port` of the stage before, ANALYSIS."""
    calls: str = "127.0.0.1:8051"
    """`host:port` of call_sync."""
    transcripts: str = "127.0.0.1:8052"
    """`host:port` of transcription."""
    analyses: str = "127.0.0.1:8053"
    """`host:port` of analysis."""
    reporting_url: SecretStr
    """The reporting Postgres, as a role that may write the tables of schema `reporting`."""
    reporting_pool_size: int = Field(default=4, ge=1)
    """Connections to it at the most."""
    reporting_pooled: bool = False
    """A pooler that hands sessions on after each transaction stands before it."""
    minimum_calls: int = Field(default=5, ge=1)
    """Figures of fewer calls are marked as too few."""
    followed_calls: int = Field(default=5, ge=1)
    """A recommendation that is followed in so many calls in a row is done."""
    expiry: timedelta = Field(default=timedelta(days=60), ge=timedelta(days=1))
    """One that is not advised again for so long has expired."""
    quiet: timedelta = Field(default=timedelta(days=30), ge=timedelta(0))
    """For so long after one was dismissed its skill is not recommended again, unless it gets worse."""
    narrator: Literal["rules", "model"] = "rules"
    """Who writes what the figures of a range say: the rules built in, or a language model."""
    tasks: Literal["rules", "model"] = "rules"
    """Who finds the tasks of meetings: the rules built in, or the language model."""
    model: ModelSettings | None = Field(default=None, validate_default=True)
    """The language model, for `narrator=model` or `tasks=model`: POTOK_RECOMMENDATIONS_MODEL_…."""
    narrative_cost_cap: float | None = Field(default=None, gt=0)
    """What one narrative may cost, in the currency of the model's prices; without it there is no limit."""
    narrative_timeout: timedelta = Field(default=timedelta(minutes=5), gt=timedelta(0))
    """How long a language model may take for one narrative, over all it is asked."""
    tasks_cost_cap: float | None = Field(default=None, gt=0)
    """What one try at the tasks of a meeting may cost, in that currency; without it there is no limit."""
    tasks_timeout: timedelta = Field(default=timedelta(minutes=4), gt=timedelta(0))
    """How long a language model may take for one try at a meeting, over all it is asked; less than `job_timeout`."""
    part_characters: int = Field(default=60_000, ge=1000)
    """A longer meeting is read in parts by the language model; an hour of speech is about 60,000."""
    batch: int = Field(default=100, ge=1, le=100)
    """Calls a job of RECOMMENDATIONS."""
    reporting_batch: int = Field(default=50, ge=1, le=100)
    """Calls a job of REPORTING; each comes with its transcript."""
    concurrency: int = Field(default=2, ge=1)
    """Jobs of each stage at a time in one process."""
    job_timeout: timedelta = timedelta(minutes=5)
    """How long one job may take at the most."""

    @field_validator("job_timeout")
    @classmethod
    def _tasks_end_before_their_job(cls, timeout: timedelta, info: ValidationInfo) -> timedelta:
        tasks = info.data.get("tasks_timeout")
        if info.data.get("tasks") == "model" and tasks is not None and tasks >= timeout:
            raise ValueError(
                "must be longer than POTOK_RECOMMENDATIONS_TASKS_TIMEOUT, so that rules can take over"
            )
        return timeout

    @field_validator("reporting_url")
    @classmethod
    def _is_postgres(cls, url: SecretStr) -> SecretStr:
        if not url.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("write postgresql://role:password@host:port/database")
        return url

    @field_validator("model")
    @classmethod
    def _model_is_named(
        cls, model: ModelSettings | None, info: ValidationInfo
    ) -> ModelSettings | None:
        if model is None and info.data.get("narrator") == "model":
            raise ValueError("the narrator is a language model: set …_URL and …_NAME of it")
        if model is None and info.data.get("tasks") == "model":
            raise ValueError("a language model finds tasks: set …_URL and …_NAME of it")
        return model

    @field_validator("narrative_cost_cap", "tasks_cost_cap")
    @classmethod
    def _costs_are_known(cls, cap: float | None, info: ValidationInfo) -> float | None:
        model = info.data.get("model")
        if cap is not None and (model is None or model.prices is None):
            raise ValueError(
                "costs are not known: set POTOK_RECOMMENDATIONS_MODEL_PROMPT_PRICE and …_COMPLETION_PRICE"
            )
        return cap
