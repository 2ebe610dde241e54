"""The speech model that comes with the installation, put together from its packages."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from services.transcription.adapters.model import SHA256, ModelBroken, embedded_model, model_at


@pytest.fixture
def cache() -> Iterator[Path]:
    # Not tmp_path: pytest would keep 145 MB of each of the last runs.
    with TemporaryDirectory() as directory:
        yield Path(directory) / "models"


def test_model_is_put_together_once_by_all_who_start_at_once(cache: Path) -> None:
    with ThreadPoolExecutor(3) as threads:
        models = set(threads.map(embedded_model, [cache] * 3))
    (model,) = models
    assert model.version == "whisper-base@d01c3014881c"
    assert {path.name for path in model.directory.iterdir()} == set(SHA256)
    assert list(cache.iterdir()) == [model.directory]


@pytest.mark.parametrize("name", sorted(SHA256))
def test_damaged_model_is_refused_with_a_way_out(cache: Path, name: str) -> None:
    directory = embedded_model(cache).directory
    with (directory / name).open("r+b") as file:
        file.truncate(100)
    with pytest.raises(ModelBroken, match=f"{name} is damaged: delete"):
        embedded_model(cache)
    (directory / name).unlink()
    with pytest.raises(ModelBroken, match=f"{name} is damaged: delete"):
        embedded_model(cache)


def test_any_other_model_is_used_as_it_is(tmp_path: Path) -> None:
    directory = tmp_path / "whisper-large"
    directory.mkdir()
    (directory / "model.bin").write_bytes(b"weights")
    model = model_at(directory)
    assert (model.directory, model.version) == (directory, "whisper-large@9a129038d9a0")


def test_directory_without_weights_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ModelBroken, match=r"has no model\.bin: name the directory"):
        model_at(tmp_path)
