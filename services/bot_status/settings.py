"""What bot_status is told by its environment."""

import enum
import re
from datetime import timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import SettingsConfigDict

from services.bot_status.meeting_links import host_pattern
from services.bot_status.signatures import key_of
from services.bot_status.vocabulary import PlainWord, has_path_syntax
from services.kernel.fetch.addresses import Host, parse_host
from services.kernel.settings import ServiceSettings
from services.recordings.settings import StoreUrl

_ADDRESS = re.compile(r"https?://[^\s/?#@]+(/[^\s?#@]*)?")


class ProviderName(enum.Enum):
    """The services that run bots; `generic` is one with the plain endpoints."""

    GENERIC = "generic"
    ATTENDEE = "attendee"
    VEXA = "vexa"
    RECALL = "recall"


_BASE64_SECRETS = (ProviderName.ATTENDEE, ProviderName.RECALL)


class Limits(BaseModel):
    """How long to wait for a bot, in each of its states."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    initialized: timedelta = timedelta(minutes=15)
    """Until it goes to the meeting."""
    connecting: timedelta = timedelta(minutes=30)
    """Until it is let in."""
    connected: timedelta = timedelta(hours=4)
    """Until the meeting ends."""
    media: timedelta = timedelta(minutes=60)
    """From then until there is a recording."""
    failed: timedelta = timedelta(minutes=10)
    """A failure in the meeting is held back for so long, since a recording may still come."""
    missing: timedelta = timedelta(minutes=3)
    """A bot that its service does not know may still appear."""
    silent: timedelta = timedelta(hours=12)
    """A bot whose service has not answered for so long is given up."""
    longest_pause: timedelta = timedelta(minutes=5)
    """Between two looks at a bot whose service does not answer."""


class BotStatusSettings(ServiceSettings):
    """The settings of bot_status: POTOK_BOT_STATUS_…; nested ones as POTOK_BOT_STATUS_LIMITS__MEDIA."""

    model_config = SettingsConfigDict(
        env_prefix="POTOK_BOT_STATUS_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    listen: str = "127.0.0.1:8055"
    coordinator: str = "127.0.0.1:8050"
    """`host:port` of the coordinator, where reports go."""
    provider: ProviderName = ProviderName.GENERIC
    """The service that runs bots: `generic`, `attendee`, `vexa` or `recall`."""
    url: str = "http://localhost:8001"
    """Its address."""
    api_key: SecretStr = SecretStr("")
    """What it knows us by."""
    webhook_secrets: tuple[SecretStr, ...] = ()
    """What its webhooks are signed with, as JSON; two while one takes the other's place. Recall.ai needs one."""
    meeting_hosts: tuple[Annotated[str, BeforeValidator(host_pattern)], ...] = ()
    """Hosts of meetings beside those of the big platforms, as JSON: `["meet.example.org", "*.example.org"]`."""
    status_fields: tuple[str, ...] = ("status", "state", "status.code", "status_changes[-1].code")
    """generic: where its answers have the status, as JSON; the first that is there counts."""
    vocabulary: dict[str, PlainWord] = Field(default_factory=dict)
    """generic: what its statuses mean beside the usual ones, as JSON: `{"in_lobby": "connecting"}`."""
    recordings: StoreUrl
    """Where recordings are kept: `file:///absolute/directory`, which is created, or `s3://bucket/prefix`."""
    max_recording_bytes: int = Field(default=2_000_000_000, gt=0)
    """A larger recording is refused."""
    private_hosts: tuple[Annotated[Host, BeforeValidator(parse_host)], ...] = ()
    """Hosts or `host:port` whose recordings are fetched though they are not on the public internet, as JSON."""
    time_zone: str = "UTC"
    """Where meetings are, an IANA name: it says which day one belongs to."""
    language: str = Field(default="ru", pattern="^[a-z]{2}$")
    """The language of meetings where their trigger does not say, an ISO 639-1 code."""
    poll: timedelta = Field(default=timedelta(seconds=3), gt=timedelta(0))
    """How often a bot is looked at while its state is one of the first three."""
    poll_tick: timedelta = timedelta(milliseconds=500)
    """How often bots that are due are looked for."""
    polls: int = Field(default=20, ge=1)
    """Looks at a time, in one process."""
    lease: timedelta = timedelta(seconds=30)
    """Who looks at a bot, or fetches its recording, has it for so long; renewed while it goes on."""
    start_lease: timedelta = timedelta(seconds=60)
    """A start that has no end after so long is looked into by any process."""
    resolve: timedelta = timedelta(seconds=5)
    """How often such starts are looked for."""
    request_timeout: timedelta = timedelta(seconds=10)
    """How long the service that runs bots may send nothing."""
    report_timeout: timedelta = timedelta(seconds=10)
    """How long the coordinator may take for reports."""
    report_again: timedelta = timedelta(seconds=10)
    """When reports that it did not take are made again."""
    report_tick: timedelta = timedelta(seconds=1)
    """How often those are looked for."""
    limits: Limits = Limits()
    connect_timeout: timedelta = timedelta(seconds=3)
    """How long it may take to find and reach the host of a recording."""
    read_timeout: timedelta = timedelta(seconds=60)
    """How long it may send nothing."""
    download_timeout: timedelta = timedelta(minutes=10)
    """How long it may take to send all."""
    keep_webhooks: timedelta = timedelta(days=7)
    """How long deliveries are remembered, to know them again."""
    keep_meetings: timedelta = timedelta(days=30)
    """How long bots, what was said of them and their recordings are kept after their last change."""
    recording_grace: timedelta = Field(default=timedelta(days=1), ge=timedelta(hours=1))
    """How long a recording that no meeting has is kept at the least; it is deleted within twice that time."""
    clean_up: timedelta = timedelta(hours=1)
    """How often what is old is deleted."""

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        if not _ADDRESS.fullmatch(url):
            raise ValueError("write http://host:port or https://host, without user and query")
        return url

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError("write an IANA name such as Europe/Moscow") from None
        return name

    @field_validator("status_fields")
    @classmethod
    def _are_paths(cls, paths: tuple[str, ...]) -> tuple[str, ...]:
        if not paths or not all(map(has_path_syntax, paths)):
            raise ValueError("write paths like status.code or status_changes[-1].code")
        return paths

    @model_validator(mode="after")
    def _has_usable_secrets(self) -> Self:
        """A secret that stands for no key would let anybody sign, or nobody."""
        name = "POTOK_BOT_STATUS_WEBHOOK_SECRETS"
        if self.provider is ProviderName.RECALL and not self.webhook_secrets:
            raise ValueError(
                f"{name}: Recall.ai signs no webhook without a secret, so that anybody "
                "could send one: make one in its dashboard and set it here"
            )
        for number, secret in enumerate(self.webhook_secrets):
            text = secret.get_secret_value()
            if not text.strip():
                raise ValueError(f"{name}: number {number} is empty, so that anybody could sign")
            if self.provider in _BASE64_SECRETS and not key_of(text):
                raise ValueError(
                    f"{name}: number {number} is no base64, which those of {self.provider.value} are"
                )
        return self
