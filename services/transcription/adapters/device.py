"""What a speech model is computed on, and with which numbers. For child processes."""

import ctranslate2

CPU_COMPUTE_TYPE = "float32"
"""Measured on the sample recordings (docs/speech.md): the fewest wrong words that a processor gives."""
GPU_COMPUTE_TYPES = ("float16", "float32")
"""In the order of preference; old GPUs do not know the first."""


class DeviceUnusable(Exception):
    """The device or the compute type is not to be had here; the text says what is."""


def usable(device: str, compute_type: str) -> tuple[str, str]:
    """Return the device and the compute type, each of which may be `auto`; raises DeviceUnusable."""
    gpus = ctranslate2.get_cuda_device_count()
    if device == "auto":
        device = "cuda" if gpus else "cpu"
    elif device == "cuda" and not gpus:
        raise DeviceUnusable(
            "POTOK_TRANSCRIPTION_DEVICE is cuda, but CTranslate2 sees no GPU: set auto or cpu"
        )
    known = ctranslate2.get_supported_compute_types(device)
    if compute_type == "auto":
        wanted = GPU_COMPUTE_TYPES if device == "cuda" else (CPU_COMPUTE_TYPE,)
        compute_type = next(each for each in wanted if each in known)
    elif compute_type not in known:
        raise DeviceUnusable(
            f"POTOK_TRANSCRIPTION_COMPUTE_TYPE is {compute_type!r}, which CTranslate2 does not compute with on {device} "
            f"here: set auto or one of {', '.join(sorted(known))}"
        )
    return device, compute_type
