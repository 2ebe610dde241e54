"""What call_sync is told by its environment."""

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from services.call_sync.accounts.sealing import Seal
from services.kernel.fetch.addresses import Host, parse_host
from services.recordings.settings import StoreUrl
from services.stage.settings import StageSettings


class CallSyncSettings(StageSettings):
    """The settings of call_sync: POTOK_CALL_SYNC_…."""

    model_config = SettingsConfigDict(env_prefix="POTOK_CALL_SYNC_")

    listen: str = "127.0.0.1:8051"
    recordings: StoreUrl
    """Where recordings are kept: `file:///absolute/directory`, which is created, or `s3://bucket/prefix`."""
    max_recording_bytes: int = Field(default=500_000_000, gt=0)
    """A larger recording is refused."""
    recording_grace: timedelta = Field(default=timedelta(days=7), ge=timedelta(hours=1))
    """How long a recording that no call has is kept at the least; it is deleted within twice that time."""
    sweep: timedelta = timedelta(hours=1)
    """How often such recordings are looked for."""
    private_hosts: tuple[Annotated[Host, BeforeValidator(parse_host)], ...] = ()
    """Hosts or `host:port` whose recordings are fetched though they are not on the public internet, as JSON."""
    connect_timeout: timedelta = timedelta(seconds=10)
    """How long it may take to find and reach the host of a recording."""
    read_timeout: timedelta = timedelta(seconds=60)
    """How long it may send nothing."""
    download_timeout: timedelta = timedelta(minutes=10)
    """How long it may take to send all."""
    downloads_per_host: int = Field(default=3, ge=1)
    """Recordings at a time from one host, in one process."""
    recording_delays: tuple[timedelta, ...] = tuple(timedelta(minutes=n) for n in (1, 5, 15))
    """When a recording that may still come is looked for again, as JSON: `["PT1M", "PT5M", "PT15M"]`."""
    secrets_key: SecretStr = SecretStr("")
    """Fernet keys, comma separated, by the first of which the secrets of accounts are kept; none: no accounts."""
    crm_hosts: tuple[Annotated[str, Field(pattern=r"^[a-z0-9.-]+(:\d+)?$")], ...] = ()
    """Sandboxes, `host[:port]`, where accounts may be besides AmoCRM itself, by plain http; as JSON."""
    crm_requests_per_second: float = Field(default=7, ge=0.1)
    """No account is asked faster, whatever is set for it; AmoCRM takes more only by its paid packages."""
    crm_backoff: timedelta = timedelta(seconds=1)
    """Before a request that failed is made again; doubles, up to 30 times as long."""
    crm_pause: timedelta = timedelta(minutes=15)
    """How long an account is left alone that keeps asking to slow down."""
    crm_renew_after: timedelta = timedelta(days=7)
    """Tokens that lay unused for so long are renewed; after three months they would be worth nothing."""
    crm_turn: timedelta = timedelta(hours=1)
    """How often such accounts, and tokens that end, are looked for."""
    decoding_timeout: timedelta = timedelta(minutes=4)
    """How long it may take to decode a recording that somebody wants to hear, and to code it for browsers."""
    decodings: int = Field(default=2, ge=1)
    """Such recordings at a time in one process."""
    longest_heard: timedelta = timedelta(hours=6)
    """A longer recording is not decoded to be heard."""
    transcription: str = "127.0.0.1:8052"
    """`host:port` of transcription, of which is copied what was said in calls."""
    analysis: str = "127.0.0.1:8053"
    """`host:port` of analysis, of which is copied what was found about calls."""
    recommendations: str = "127.0.0.1:8054"
    """`host:port` of recommendations, of which is copied where calls are in its stages."""
    payload_timeout: timedelta = timedelta(seconds=20)
    """How long transcripts or analyses of some calls may take to come."""
    batch: int = Field(default=20, ge=1, le=100)
    """Calls a job."""
    concurrency: int = Field(default=2, ge=1)
    """Jobs at a time in one process."""
    job_timeout: timedelta = timedelta(minutes=20)
    """How long one job may take at the most."""

    @field_validator("secrets_key")
    @classmethod
    def _is_a_key(cls, keys: SecretStr) -> SecretStr:
        Seal(keys.get_secret_value())
        return keys
