from collections.abc import Mapping

import pytest

from services.analysis.settings import AnalysisSettings
from services.kernel.settings import load_settings
from services.status.domain import Cost
from tests.identity import nowhere_told

MODEL = {"JUDGE": "model", "MODEL_URL": "http://127.0.0.1:1/v1", "MODEL_NAME": "a-model"}


def told(monkeypatch: pytest.MonkeyPatch, **settings: str) -> AnalysisSettings:
    for name, value in {**nowhere_told(), **settings}.items():
        monkeypatch.setenv(f"POTOK_ANALYSIS_{name}", value)
    return load_settings(AnalysisSettings)


def test_rules_judge_unless_something_else_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = told(monkeypatch)

    assert (settings.judge, settings.model, settings.fallback, settings.cap) == (
        *("rules", None, None, None),
    )
    assert (settings.limits.batch, settings.limits.concurrency) == (20, 2)


def test_a_model_is_named_by_settings_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    more = {"MODEL_API_KEY": "sk-1", "MODEL_PROMPT_PRICE": "2", "MODEL_COMPLETION_PRICE": "8"}

    settings = told(monkeypatch, **MODEL, **more, MODEL_CURRENCY="EUR", RUN_COST_CAP="5")

    assert settings.model
    assert settings.model.api_key.get_secret_value() == "sk-1"
    assert "sk-1" not in repr(settings)
    assert settings.cap == Cost(amount=5, currency="EUR")
    limits = settings.limits
    assert (limits.batch, limits.concurrency, limits.attempts) == (1, 8, 5)


def test_a_batch_that_is_said_is_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = told(monkeypatch, BATCH="3", CONCURRENCY="4").limits

    assert (limits.batch, limits.concurrency) == (3, 4)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"JUDGE": "model"}, "_MODEL: the judge is a language model: set"),
        ({"MODEL_URL": "http://x"}, "_MODEL_NAME: is missing, set it"),
        ({**MODEL, "RUN_COST_CAP": "5"}, "_RUN_COST_CAP: costs are not known: set"),
        ({**MODEL, "BATCH": "2"}, "_BATCH: a language model judges one call a job"),
        ({**MODEL, "MODEL_URL": "ftp://x"}, "_MODEL_URL: must match"),
        ({**MODEL, "MODEL_PROMPT_PRICE": "1"}, "_MODEL: set both"),
        ({**MODEL, "MODEL_TYPO": "1"}, "_MODEL_TYPO: is unknown here, remove it"),
        ({"JUDGE": "coin"}, "_JUDGE: must be 'rules' or 'model'"),
    ],
)
def test_settings_that_cannot_work_are_named(
    monkeypatch: pytest.MonkeyPatch, settings: Mapping[str, str], words: str
) -> None:
    with pytest.raises(SystemExit) as raised:
        told(monkeypatch, **settings)

    assert f"POTOK_ANALYSIS{words}" in str(raised.value)
