"""`potok judge`: what a playbook makes of a dialogue that somebody wrote down."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
from potok.analysis.v1 import analysis_service_pb2 as pb
from potok.analysis.v1 import analysis_service_pb2_grpc as pb_grpc

from potok_client.cli.connection import gateway
from potok_client.cli.exits import CommandFailed, ExitCode
from potok_client.cli.options import SETUP_PANEL
from potok_client.cli.terminal import as_dict, perform, print_json

app = typer.Typer()

_DEADLINE = 300
"""Seconds that a judge may take; a language model needs many of them."""
_MOST_BYTES = 400_000
"""The bytes of the longest text that the service takes, were it all Russian."""


@app.command("judge", rich_help_panel=SETUP_PANEL)
def judge_dialogue(
    file: Annotated[
        Path,
        typer.Argument(
            help="The dialogue, a turn a line: `o: …` the employee, `c: …` the other side; - reads standard input.",
        ),
    ],
    *,
    playbook: Annotated[str, typer.Option(help="The playbook to judge by.")] = "clinic",
    language: Annotated[
        str,
        typer.Option(help="The dialogue's language, such as en; without it the playbook's first."),
    ] = "",
) -> None:
    """Judge a dialogue from a file as if it were a call, print it as JSON, and store nothing.

    Example: potok judge dialogue.txt --playbook clinic
    """
    perform(judge(file, playbook, language))


async def judge(file: Path, playbook: str, language: str = "") -> None:
    """Print what a playbook makes of the dialogue in a file; - is standard input."""
    text = await asyncio.to_thread(_read, file)
    request = pb.JudgeDialogueRequest(text=text, playbook=playbook, language=language)
    async with gateway() as channel:
        stub = pb_grpc.AnalysisServiceStub(channel)
        answer = await stub.JudgeDialogue(request, timeout=_DEADLINE)
    print_json(as_dict(answer.analysis))


def _read(file: Path) -> str:
    """Return a dialogue's text; refuses what cannot be one."""
    name = "standard input" if str(file) == "-" else str(file)
    try:
        if str(file) == "-":
            content = sys.stdin.buffer.read(_MOST_BYTES + 1)
        else:
            with file.open("rb") as opened:
                content = opened.read(_MOST_BYTES + 1)
    except OSError as error:
        raise CommandFailed(f"{name}: {error.strerror}", code=ExitCode.USAGE) from None
    if len(content) > _MOST_BYTES:
        raise CommandFailed(
            f"{name} is longer than {_MOST_BYTES} bytes: cut it", code=ExitCode.USAGE
        )
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise CommandFailed(
            f"{name} is no text in UTF-8: save it as that", code=ExitCode.USAGE
        ) from None
