"""What bot_status takes from its environment, and what it says about the rest."""

import json
from typing import Any

import pytest

from services.bot_status.settings import BotStatusSettings
from services.bot_status.vocabulary import PlainWord
from services.kernel.settings import load_settings
from tests.identity import nowhere_told

RECALL = {"PROVIDER": "recall", "URL": "https://us-west-2.recall.ai"}


def told(monkeypatch: pytest.MonkeyPatch, **given: Any) -> BotStatusSettings:
    for name, value in {**nowhere_told(), "RECORDINGS": "file:///tmp/x", **given}.items():
        text = value if isinstance(value, str) else json.dumps(value)
        monkeypatch.setenv(f"POTOK_BOT_STATUS_{name}", text)
    return load_settings(BotStatusSettings)


def test_without_more_it_is_the_plain_service_of_the_guide(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = told(monkeypatch)

    assert (settings.provider.value, settings.url) == ("generic", "http://localhost:8001")
    assert settings.poll.total_seconds() == 3


def test_words_and_limits_are_told_as_json_and_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = told(monkeypatch, VOCABULARY={"lobby": "connecting"}, LIMITS__MEDIA="PT5M")

    assert settings.vocabulary == {"lobby": PlainWord.CONNECTING}
    assert settings.limits.media.total_seconds() == 300


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (RECALL, "WEBHOOK_SECRETS: Recall.ai signs no webhook without a secret"),
        ({**RECALL, "WEBHOOK_SECRETS": [""]}, "WEBHOOK_SECRETS: number 0 is empty"),
        ({**RECALL, "WEBHOOK_SECRETS": ["whsec_"]}, "WEBHOOK_SECRETS: number 0 is no base64"),
        ({"PROVIDER": "vexa", "WEBHOOK_SECRETS": ["a", " "]}, "WEBHOOK_SECRETS: number 1 is empty"),
        ({"PROVIDER": "attendee", "WEBHOOK_SECRETS": [""]}, "WEBHOOK_SECRETS: number 0 is empty"),
        ({"PROVIDER": "attendee", "WEBHOOK_SECRETS": ["%%%"]}, "number 0 is no base64"),
        ({"MEETING_HOSTS": ["https://x.example"]}, "MEETING_HOSTS.*write host"),
        ({"URL": "localhost:8001"}, "URL.*http://host:port"),
        ({"URL": "http://user:pw@host"}, "URL.*without user"),
        ({"STATUS_FIELDS": ["a[0].b"]}, "STATUS_FIELDS.*paths"),
        ({"VOCABULARY": {"x": "nonsense"}}, "VOCABULARY"),
        ({"TIME_ZONE": "Mars/Base"}, "TIME_ZONE.*IANA"),
        ({"RECORDINGS": "/tmp/x"}, "RECORDINGS.*file:///"),
        ({"PROVIDER": "zoom"}, "PROVIDER"),
    ],
)
def test_what_is_not_usable_is_named(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], says: str
) -> None:
    with pytest.raises(SystemExit, match=says):
        told(monkeypatch, **given)


def test_recall_with_a_secret_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, **RECALL, WEBHOOK_SECRETS=["whsec_abc"]).webhook_secrets
