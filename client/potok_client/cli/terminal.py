"""What commands print and how they are run: tables for people, JSON for scripts, errors in one line."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Coroutine, Iterable
from typing import IO, Any, NoReturn

import grpc
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from rich.console import Console, RenderableType
from rich.text import Text

from potok_client.cli.exits import CommandFailed, ExitCode, refusal
from potok_client.cli.layout import Prose, hint
from potok_client.cli.listing import Listing
from potok_client.cli.machine_words import in_words
from potok_client.cli.words import plain
from potok_client.watch import WatchBroken, WatchLost

_WIDTH_OF_A_PIPE = 120
_WIDTH_OF_A_LOG = 10_000
"""Of sentences that no terminal shows: they stay lines."""


def console(*, stderr: bool = False) -> Console:
    """Return the console of this process; texts of the server are never read as markup."""
    piped = _is_piped(sys.stderr if stderr else sys.stdout)
    return Console(
        stderr=stderr,
        markup=False,
        highlight=False,
        emoji=False,
        width=_WIDTH_OF_A_PIPE if piped else None,
    )


def say(*parts: str | Text | RenderableType, style: str = "", stderr: bool = False) -> None:
    """Print sentences and hints: between words where a person reads them, on one line each for logs and scripts."""
    out = console(stderr=stderr)
    if _is_piped(out.file):
        out.width = _WIDTH_OF_A_LOG
    for part in parts:
        out.print(
            Prose(Text(part, style) if isinstance(part, str) else part)
            if isinstance(part, str | Text)
            else part,
            crop=False,
        )


def show(*parts: RenderableType) -> None:
    """Print lists and what is laid out; nothing is cut off."""
    out = console()
    for part in parts:
        out.print(part, crop=False)


def _is_piped(stream: IO[str]) -> bool:
    return not stream.isatty() and "COLUMNS" not in os.environ


def cell(text: object, style: str = "") -> Text:
    """Return a text of the server, safe to print."""
    return Text(plain(str(text)), style=style)


def table(
    *columns: str,
    numbers: Iterable[str] = (),
    prose: Iterable[str] = (),
    tight: bool = False,
) -> Listing:
    """Return an empty list; `numbers` are set to the right, `prose` may be broken between words.

    `tight` lets many columns fit into 80 characters.
    """
    return Listing(columns, numbers, prose, tight=tight)


def as_dict(message: Message) -> dict[str, Any]:
    """Return a message as its JSON has it: names as in the protos, fields without a value too."""
    return MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )


def print_json(value: Any, *, line: bool = False) -> None:
    """Print JSON; `line`: on one line, for streams."""
    text = json.dumps(value, ensure_ascii=False, indent=None if line else 2)
    print(text, flush=line)


def perform(work: Coroutine[Any, Any, ExitCode | None]) -> NoReturn:
    """Run a command to its end and end the process: with its code, an error in one line, or by a signal."""
    try:
        code = asyncio.run(_until_told(work)) or ExitCode.DONE
    except KeyboardInterrupt:
        raise SystemExit(128 + signal.SIGINT) from None
    except asyncio.CancelledError:
        raise SystemExit(128 + signal.SIGTERM) from None
    except BrokenPipeError:
        raise  # the reader has enough: typer ends quietly
    except Exception as error:
        failed = _failure(error)
        sentence = Prose(cell(failed), Text("error: ", "bold red"))
        say(sentence, *(hint(plain(line)) for line in failed.advice), stderr=True)
        raise SystemExit(failed.code) from None
    raise SystemExit(code)


async def _until_told(work: Coroutine[Any, Any, ExitCode | None]) -> ExitCode | None:
    """Let SIGTERM end the work as Ctrl-C does, so that the terminal is left as it was."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work


def _failure(error: Exception) -> CommandFailed:
    match error:
        case CommandFailed():
            return error
        case grpc.aio.AioRpcError():
            return refusal(error)
        case WatchLost():
            why = in_words(grpc.StatusCode.UNAVAILABLE, str(error))
            return CommandFailed(
                f"the coordinator is gone for too long: {why}", code=ExitCode.UNREACHABLE
            )
        case WatchBroken():
            return CommandFailed(f"the coordinator contradicts itself: {error}; please report it")
    return CommandFailed(f"{type(error).__name__}: {error}; this is a fault of potok, report it")
