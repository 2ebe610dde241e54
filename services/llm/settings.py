"""What a service that asks a language model is told by its environment."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from services.llm.domain import Prices


class ModelSettings(BaseModel):
    """The settings of one model: those of a service that begin with `MODEL_`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(pattern=r"^https?://[^\s/]+")
    """The endpoint that speaks the protocol of OpenAI, with its path, as in `http://127.0.0.1:8080/v1`."""
    name: str = Field(min_length=1, max_length=200)
    """The model, as the endpoint calls it."""
    api_key: SecretStr = SecretStr("")
    """What opens the endpoint; empty where nothing has to."""
    timeout: timedelta = Field(default=timedelta(minutes=2), gt=timedelta(0))
    """How long one answer may take."""
    max_tokens: int = Field(default=4096, ge=64)
    """The longest answer; one that is cut there is not used."""
    prompt_price: float | None = Field(default=None, ge=0)
    """What a million tokens that the model is told cost."""
    completion_price: float | None = Field(default=None, ge=0)
    """What a million tokens that it answers cost."""
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    """The currency of the prices, an ISO 4217 code."""

    @model_validator(mode="after")
    def _both_prices(self) -> "ModelSettings":
        if (self.prompt_price is None) != (self.completion_price is None):
            raise ValueError("set both PROMPT_PRICE and COMPLETION_PRICE, or neither")
        return self

    @property
    def prices(self) -> Prices | None:
        """What tokens cost; None where it is not set."""
        if self.prompt_price is None or self.completion_price is None:
            return None
        return Prices(
            prompt=self.prompt_price, completion=self.completion_price, currency=self.currency
        )
