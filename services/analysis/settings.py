"""What analysis is told by its environment."""

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from services.llm.settings import ModelSettings
from services.stage.domain import Limits
from services.stage.settings import StageSettings
from services.status.domain import Cost

PACKAGED_PLAYBOOKS = Path(__file__).with_name("playbooks")


class AnalysisSettings(StageSettings):
    """The settings of analysis: POTOK_ANALYSIS_…."""

    model_config = SettingsConfigDict(
        env_prefix="POTOK_ANALYSIS_",
        env_nested_delimiter="_",  # POTOK_ANALYSIS_MODEL_URL is the `url` of `model`
        env_nested_max_split=1,
    )

    listen: str = "127.0.0.1:8053"
    upstream: str = "127.0.0.1:8052"
    """`host:port` of transcription."""
    calls: str = "127.0.0.1:8051"
    """`host:port` of call_sync."""
    payload_timeout: timedelta = timedelta(seconds=20)
    """How long the calls and transcripts of a job may take to come."""
    playbooks: Path = PACKAGED_PLAYBOOKS
    """The directory of the playbooks, each a `<name>.yaml`."""
    judge: Literal["rules", "model"] = "rules"
    """Who judges calls: the rules built in, or a language model."""
    model: ModelSettings | None = Field(default=None, validate_default=True)
    """The language model, for `judge=model`: POTOK_ANALYSIS_MODEL_…."""
    fallback: Literal["rules"] | None = None
    """Who judges a call that the language model has no judgement of; without it the call fails."""
    part_characters: int = Field(default=60_000, ge=1000)
    """A longer transcript is read in chunks by the language model; an hour of speech is about 60,000."""
    run_cost_cap: float | None = Field(default=None, gt=0)
    """What one run may cost, in the currency of the model's prices; without it there is no limit."""
    batch: int | None = Field(default=None, ge=1, le=100)
    """Calls in one job of the rules, 20 without it; a job of a language model has one, so that no answer is paid for in vain."""
    concurrency: int | None = Field(default=None, ge=1)
    """Jobs at a time in one process; without it 2 by rules and 8 by a language model."""
    job_timeout: timedelta = timedelta(minutes=10)
    """How long one job may take at the most."""

    @field_validator("model")
    @classmethod
    def _model_is_named(
        cls, model: ModelSettings | None, info: ValidationInfo
    ) -> ModelSettings | None:
        if model is None and info.data.get("judge") == "model":
            raise ValueError("the judge is a language model: set …_URL and …_NAME of it")
        return model

    @field_validator("batch")
    @classmethod
    def _one_for_a_model(cls, batch: int | None, info: ValidationInfo) -> int | None:
        if batch is not None and info.data.get("judge") == "model":
            raise ValueError("a language model judges one call a job: leave it out")
        return batch

    @field_validator("run_cost_cap")
    @classmethod
    def _costs_are_known(cls, cap: float | None, info: ValidationInfo) -> float | None:
        model = info.data.get("model")
        if cap is not None and (model is None or model.prices is None):
            raise ValueError(
                "costs are not known: set POTOK_ANALYSIS_MODEL_PROMPT_PRICE and …_COMPLETION_PRICE"
            )
        return cap

    @property
    def cap(self) -> Cost | None:
        """What one run may cost; None: no limit."""
        if self.run_cost_cap is None or self.model is None:
            return None
        return Cost(amount=self.run_cost_cap, currency=self.model.currency)

    @property
    def limits(self) -> Limits:
        """How much at a time: rules need the processor, a language model mostly waits.

        One that limits the rate does so for a minute or two, which five attempts outlast.
        """
        if self.judge == "rules":
            return Limits(
                batch=self.batch or 20,
                concurrency=self.concurrency or 2,
                job_timeout=self.job_timeout,
            )
        return Limits(
            batch=1,
            concurrency=self.concurrency or 8,
            attempts=5,
            backoff=timedelta(seconds=10),
            job_timeout=self.job_timeout,
        )
