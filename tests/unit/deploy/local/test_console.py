"""The link to the console of the local system."""

import io
import re

import pytest

from deploy.local.console import main
from deploy.local.settings import GATEWAY, listening
from tests.identity import admin
from tests.tree import ROOT

TOKEN = re.compile(r"\^#token=(.+)\$/")
"""What the console takes from its address."""


def printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], token: str) -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{token}\n"))
    main()
    return capsys.readouterr().out


def test_the_link_has_the_token_where_the_console_takes_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    session = (ROOT / "gateway/console/src/shell/session.ts").read_text(encoding="utf-8")
    [taken] = TOKEN.findall(session)

    link = printed(monkeypatch, capsys, admin()).removesuffix("\n")

    address, _, fragment = link.partition("#token=")
    door = listening({})[GATEWAY].replace("127.0.0.1", "localhost")
    assert address == f"http://{door}/console/"
    assert re.fullmatch(taken, fragment)
    assert fragment == admin()


def test_the_link_is_to_where_the_gateway_listens(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POTOK_GATEWAY_LISTEN", "192.0.2.1:81")
    assert printed(monkeypatch, capsys, "t") == "http://192.0.2.1:81/console/#token=t\n"

    monkeypatch.setenv("POTOK_GATEWAY_LISTEN", "81")
    with pytest.raises(SystemExit, match="POTOK_GATEWAY_LISTEN must be host:port"):
        printed(monkeypatch, capsys, "t")


def test_without_a_token_there_is_no_link(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        printed(monkeypatch, capsys, "")

    assert ended.value.code == 1
    assert not capsys.readouterr().out
