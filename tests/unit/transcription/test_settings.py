"""Which settings of transcription go together."""

import pytest
from pydantic import ValidationError

from services.status.domain import Cost
from services.transcription.settings import TranscriptionSettings
from tests.identity import nowhere_told

SERVER = {"url": "http://127.0.0.1:8000/v1", "model": "base"}


def settings(**values: object) -> TranscriptionSettings:
    nowhere = {name.lower(): value for name, value in nowhere_told().items()}
    return TranscriptionSettings.model_validate({**nowhere, **values})


@pytest.mark.parametrize("missing", ["url", "model"])
def test_a_server_and_its_model_are_set_together(missing: str) -> None:
    with pytest.raises(ValidationError, match=r"set both POTOK_TRANSCRIPTION_URL and …_MODEL"):
        settings(**{name: value for name, value in SERVER.items() if name != missing})


def test_there_is_one_engine() -> None:
    with pytest.raises(ValidationError, match="not both"):
        settings(model_dir="/models/large", **SERVER)


def test_a_model_of_onnx_has_its_weights_in_a_directory() -> None:
    with pytest.raises(
        ValidationError, match=r"set POTOK_TRANSCRIPTION_MODEL_DIR to the directory"
    ):
        settings(onnx_model="gigaam-v3-ctc")


def test_a_model_here_is_bounded_by_processes_and_a_server_by_requests() -> None:
    assert settings(processes=3, requests=9).concurrency == 3
    assert settings(processes=3, requests=9, **SERVER).concurrency == 9


def test_a_price_is_told_where_it_is_set() -> None:
    assert settings(**SERVER).price is None
    priced = settings(price_per_minute=0.006, currency="EUR", **SERVER)
    assert priced.price == Cost(amount=0.006, currency="EUR")


def test_the_key_is_never_printed() -> None:
    assert "s3cret" not in repr(settings(api_key="s3cret", **SERVER))
