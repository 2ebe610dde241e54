"""`potok transcript`: what is said in a call, as text, subtitles or JSON."""

import asyncio
import enum
import sys
from pathlib import Path
from typing import Annotated

import typer
from potok.transcription.v1 import transcription_service_pb2 as pb
from potok.transcription.v1 import transcription_service_pb2_grpc as pb_grpc

from potok_client.cli.connection import DEADLINE, gateway
from potok_client.cli.exits import CommandFailed
from potok_client.cli.options import RANGE_PANEL, ClientId
from potok_client.cli.terminal import perform, say
from potok_client.cli.words import plain

app = typer.Typer()


class FormatName(enum.StrEnum):
    """The forms in which a transcript is written."""

    TEXT = "text"
    SRT = "srt"
    VTT = "vtt"
    JSON = "json"

    @property
    def number(self) -> "pb.ExportFormat.ValueType":
        """The format in the protos."""
        return pb.ExportFormat.Value(f"EXPORT_FORMAT_{self.name}")


@app.command("transcript", rich_help_panel=RANGE_PANEL)
def export_transcript(
    client: ClientId,
    call: Annotated[
        str, typer.Argument(metavar="CALL", help="The call's id, as `potok items` shows it.")
    ],
    *,
    form: Annotated[
        FormatName, typer.Option("--format", "-f", help="text, or srt and vtt for subtitles.")
    ] = FormatName.TEXT,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write it to this file, or into this folder."),
    ] = None,
) -> None:
    """Show what is said in a call, and by whom, or write it to a file.

    Example: potok transcript clinic sample-1 --format srt --output sample-1.srt
    """
    perform(_transcript(client, call, form, output))


async def _transcript(client_id: str, call_id: str, form: FormatName, output: Path | None) -> None:
    request = pb.ExportTranscriptRequest(
        owner=f"client:{client_id}", call_id=call_id, format=form.number
    )
    async with gateway() as channel:
        stub = pb_grpc.TranscriptionServiceStub(channel)
        answer = await stub.ExportTranscript(request, timeout=DEADLINE)
    if output:
        written = await asyncio.to_thread(_write, output, answer)
        say(f"written to {written}", style="dim", stderr=True)
    elif sys.stdout.isatty():
        print("\n".join(map(plain, answer.content.splitlines())))
    else:
        sys.stdout.write(answer.content)


def _write(output: Path, answer: pb.ExportTranscriptResponse) -> Path:
    """Write an export to a file, or under its own name into a folder; returns where."""
    file = output / Path(answer.file_name).name if output.is_dir() else output
    try:
        file.write_text(answer.content, encoding="utf-8")
    except OSError as error:
        raise CommandFailed(f"{file} cannot be written: {error.strerror}") from None
    return file
