"""What stands before any command: the version, and the completion of shells."""

import os
import subprocess
from importlib import metadata
from pathlib import Path

import pytest
from potok_client.cli.app import app
from potok_client.identity import NoIdentity, own_token
from typer.testing import CliRunner

from tests.command_line import POTOK


def test_the_version_is_that_of_the_package() -> None:
    said = CliRunner().invoke(app, ["--version"])

    assert (said.exit_code, said.output) == (0, f"potok {metadata.version('potok')}\n")


@pytest.mark.parametrize(
    ("shell", "typed"),
    [
        ("bash", {"COMP_WORDS": "potok bo", "COMP_CWORD": "1"}),
        ("zsh", {"_TYPER_COMPLETE_ARGS": "potok bo"}),
        ("fish", {"_TYPER_COMPLETE_ARGS": "potok bo", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}),
    ],
)
def test_a_shell_completes_commands(shell: str, typed: dict[str, str]) -> None:
    told = {**os.environ, "_POTOK_COMPLETE": f"complete_{shell}", **typed}
    said = subprocess.run([POTOK], env=told, capture_output=True, text=True, check=False)

    assert "bot" in said.stdout


def test_nobody_without_a_token_outside_a_checkout_is_told_of_a_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("POTOK_TOKEN", raising=False)
    monkeypatch.delenv("POTOK_ISSUER_KEY", raising=False)
    monkeypatch.setattr("sys.prefix", str(tmp_path / "venv"))
    with pytest.raises(NoIdentity) as raised:
        own_token()

    assert "there is no token that says who you are" in str(raised.value)
    assert "issuer.pem" not in str(raised.value)
    assert not any("make" in line for line in raised.value.advice)


def test_a_key_that_cannot_be_read_is_named_by_its_setting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("POTOK_TOKEN", raising=False)
    monkeypatch.setenv("POTOK_ISSUER_KEY", str(tmp_path / "none.pem"))
    with pytest.raises(NoIdentity, match=r"POTOK_ISSUER_KEY: .*none.pem cannot be read"):
        own_token()
