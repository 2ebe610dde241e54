"""What a speech model is computed on, and what a person is told who asks for what is not there."""

import ctranslate2
import pytest

from services.transcription.adapters.device import DeviceUnusable, usable

ON = {"cpu": {"float32", "int8", "int8_float32"}, "cuda": {"float16", "float32", "int8_float16"}}


def a_machine(monkeypatch: pytest.MonkeyPatch, *, gpus: int, without: str = "") -> None:
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: gpus)
    monkeypatch.setattr(
        ctranslate2, "get_supported_compute_types", lambda device: ON[device] - {without}
    )


@pytest.mark.parametrize(
    ("gpus", "without", "device", "compute_type", "found"),
    [
        (0, "", "auto", "auto", ("cpu", "float32")),
        (0, "", "auto", "int8", ("cpu", "int8")),
        (1, "", "auto", "auto", ("cuda", "float16")),
        (1, "float16", "auto", "auto", ("cuda", "float32")),
        (1, "", "cpu", "auto", ("cpu", "float32")),
        (2, "", "cuda", "int8_float16", ("cuda", "int8_float16")),
    ],
)
def test_auto_is_the_best_that_the_machine_has(
    monkeypatch: pytest.MonkeyPatch,
    gpus: int,
    without: str,
    device: str,
    compute_type: str,
    found: tuple[str, str],
) -> None:
    a_machine(monkeypatch, gpus=gpus, without=without)

    assert usable(device, compute_type) == found


def test_a_gpu_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    a_machine(monkeypatch, gpus=0)

    with pytest.raises(
        DeviceUnusable, match=r"DEVICE is cuda, but .* sees no GPU: set auto or cpu"
    ):
        usable("cuda", "auto")


def test_a_compute_type_that_is_not_known_is_refused_with_those_that_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    a_machine(monkeypatch, gpus=0)

    with pytest.raises(
        DeviceUnusable, match=r"'float16'.* on cpu here: set auto or one of float32, int8, int8_flo"
    ):
        usable("auto", "float16")


def test_this_machine_computes_with_what_auto_finds() -> None:
    device, compute_type = usable("auto", "auto")

    assert compute_type in ctranslate2.get_supported_compute_types(device)
