"""The lines of curl in the gateway's README."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from tests.tree import ROOT

README = ROOT / "gateway" / "README.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class CurlLine:
    """What a line asks for; `token` is the variable of the token that it carries, empty where there is none."""

    verb: str
    path: str
    body: str | None
    token: str


def curl_lines() -> Iterator[CurlLine]:
    """Yield the lines in their order."""
    for line in re.findall(r"^curl .*$", README.read_text(encoding="utf-8"), re.MULTILINE):
        words = iter(shlex.split(line, comments=True)[1:])
        verb, path, body, token = "", "", None, ""
        for word in words:
            match word:
                case "-X":
                    verb = next(words)
                case "--json":
                    body = next(words)
                case "-H":
                    token = next(words).removeprefix("$")
                case "-o":
                    next(words)
                case "-N" | "-OJ":
                    pass
                case _:
                    assert word.startswith("$P/"), line
                    path = word.removeprefix("$P")
        verb = verb or ("GET" if body is None else "POST")
        yield CurlLine(verb=verb, path=path, body=body, token=token)
