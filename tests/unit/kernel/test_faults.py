"""Settings that can never be meant are refused at the start by their names, in sentences."""

from datetime import timedelta

import pytest
from pydantic import BaseModel

from services.coordinator.settings import CoordinatorSettings
from services.kernel.faults import fault_sentence, impossible
from services.kernel.settings import load_settings
from tests.identity import nowhere_told


class Nested(BaseModel):
    """A group of settings."""

    pause: timedelta = timedelta(0)
    many: tuple[float, ...] = ()


@pytest.mark.parametrize(
    "value",
    [-1, -0.5, float("nan"), float("inf"), timedelta(seconds=-1), (1, -2)],
)
def test_what_is_negative_or_no_number_is_impossible(value: object) -> None:
    assert impossible(value)


@pytest.mark.parametrize("value", [0, 1, 2.5, True, None, "-1", timedelta(0), (), Nested()])
def test_anything_else_may_be_meant(value: object) -> None:
    assert not impossible(value)


def test_a_group_names_what_is_wrong_in_it() -> None:
    assert impossible(Nested(pause=timedelta(seconds=-1))) == "PAUSE must not be negative"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("Value error, 'foo' is not one of a, b", "'foo' is not one of a, b"),
        ("Field required", "is missing, set it"),
        ("Extra inputs are not permitted", "is unknown here, remove it"),
        ("Input should be greater than or equal to 1", "must be at least 1"),
        (
            "Input should be a valid integer, unable to parse string as an integer",
            "must be a valid integer",
        ),
    ],
)
def test_what_pydantic_says_is_said_as_everything_else(said: str, sentence: str) -> None:
    assert fault_sentence(said) == sentence


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("POOL_SIZE", "0", "POOL_SIZE: must be at least 1"),
        ("DRAIN", "-PT5S", "DRAIN: must not be negative"),
        ("LIMITS__SILENT", "-PT5S", "LIMITS: SILENT must not be negative"),
        ("LIMITS__WATCHES_PER_USER", "0", "LIMITS__WATCHES_PER_USER: must be at least 1"),
    ],
)
def test_a_service_does_not_start_with_them(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, why: str
) -> None:
    told = {**nowhere_told(), "STAGES": "{}", "BOT_STATUS": "127.0.0.1:1", name: value}
    for each, said in told.items():
        monkeypatch.setenv(f"POTOK_COORDINATOR_{each}", said)

    with pytest.raises(SystemExit) as ended:
        load_settings(CoordinatorSettings)
    assert f"POTOK_COORDINATOR_{why}" in str(ended.value)
