"""`potok recording`: the recording of a call as a file."""

import asyncio
import re
from collections.abc import AsyncIterable, Mapping
from pathlib import Path
from typing import Annotated

import typer
from potok.call_sync.v1 import recording_service_pb2 as pb
from potok.call_sync.v1 import recording_service_pb2_grpc as pb_grpc

from potok_client.cli.connection import gateway
from potok_client.cli.exits import CommandFailed
from potok_client.cli.options import RANGE_PANEL, ClientId
from potok_client.cli.terminal import perform, say

app = typer.Typer()

_DEADLINE = 3_600
"""Seconds that all of it may take."""
_NAME = re.compile(r'filename="([^"/\\]+)"')


@app.command("recording", rich_help_panel=RANGE_PANEL)
def get_recording(
    client: ClientId,
    call: Annotated[
        str, typer.Argument(metavar="CALL", help="The call's id, as `potok items` shows it.")
    ],
    *,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Write it to this file, or into this folder."),
    ] = Path(),
) -> None:
    """Write the recording of a call to a file that every player takes; that you heard it is kept.

    Example: potok recording clinic sample-1 --output sample-1.wav
    """
    perform(_recording(client, call, output))


async def _recording(client_id: str, call_id: str, output: Path) -> None:
    request = pb.GetRecordingRequest(owner=f"client:{client_id}", call_id=call_id)
    async with gateway() as channel:
        answer = pb_grpc.RecordingServiceStub(channel).GetRecording(request, timeout=_DEADLINE)
        file = _file(output, dict(await answer.initial_metadata()))
        await _write(file, (piece.data async for piece in answer))
    say(f"written to {file}", style="dim", stderr=True)


def _file(output: Path, headers: Mapping[str, str | bytes]) -> Path:
    """Return where to write: in a folder under the name that the server gives it."""
    if not output.is_dir():
        return output
    named = _NAME.search(str(headers.get("content-disposition", "")))
    return output / (named.group(1) if named else "recording")


async def _write(file: Path, pieces: AsyncIterable[bytes]) -> None:
    """Write a file as a whole: where it breaks off, there is none. What is no file, as a device, is written into."""
    is_device = await asyncio.to_thread(_is_device, file)
    part = file if is_device else file.with_name(f"{file.name}.part")
    try:
        try:
            with part.open("wb") as written:
                async for piece in pieces:
                    await asyncio.to_thread(written.write, piece)
            if not is_device:
                part.replace(file)
        finally:
            if not is_device:
                part.unlink(missing_ok=True)
    except OSError as error:
        raise CommandFailed(f"{file} cannot be written: {error.strerror}") from None


def _is_device(file: Path) -> bool:
    return file.exists() and not file.is_file()
