import pytest

from services.kernel.settings import load_settings
from services.recommendations.settings import RecommendationsSettings
from tests.identity import nowhere_told

MODEL = {"NARRATOR": "model", "MODEL_URL": "http://127.0.0.1:1/v1", "MODEL_NAME": "a-model"}


def told(monkeypatch: pytest.MonkeyPatch, **settings: str) -> RecommendationsSettings:
    nowhere = "postgresql://nobody@127.0.0.1:1/x"
    for name, value in {**nowhere_told(), "REPORTING_URL": nowhere, **settings}.items():
        monkeypatch.setenv(f"POTOK_RECOMMENDATIONS_{name}", value)
    return load_settings(RecommendationsSettings)


def test_rules_narrate_unless_something_else_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = told(monkeypatch, MINIMUM_CALLS="7", REPORTING_BATCH="9")

    assert (settings.narrator, settings.model, settings.narrative_cost_cap) == ("rules", None, None)
    assert (settings.minimum_calls, settings.reporting_batch) == (7, 9)


def test_a_model_is_named_by_settings_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    prices = {"MODEL_PROMPT_PRICE": "2", "MODEL_COMPLETION_PRICE": "8"}

    settings = told(monkeypatch, **MODEL, **prices, NARRATIVE_COST_CAP="0.5")

    assert settings.model
    assert settings.model.name == "a-model"
    assert settings.narrative_cost_cap == 0.5


def test_a_narrator_without_a_model_and_a_cap_without_prices_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(SystemExit, match=r"POTOK_RECOMMENDATIONS_MODEL: .*set …_URL and …_NAME"):
        told(monkeypatch, NARRATOR="model")
    with pytest.raises(SystemExit, match=r"NARRATIVE_COST_CAP: .*costs are not known"):
        told(monkeypatch, **MODEL, NARRATIVE_COST_CAP="1")


def test_a_model_that_finds_tasks_leaves_time_for_the_rules(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    finds = {**MODEL, "TASKS": "model", "TASKS_TIMEOUT": "PT2M"}

    assert told(monkeypatch, **finds, JOB_TIMEOUT="PT3M").job_timeout
    with pytest.raises(SystemExit, match=r"JOB_TIMEOUT: .*TASKS_TIMEOUT"):
        told(monkeypatch, **finds, JOB_TIMEOUT="PT2M")
    assert told(monkeypatch, TASKS="rules", JOB_TIMEOUT="PT1M").job_timeout
