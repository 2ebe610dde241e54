"""How a command ends: its exit code, and an error as one line with what to do about it."""

import enum

import grpc
from potok.status.v1 import stage_pb2

from potok_client.channels import error_info
from potok_client.cli.machine_words import in_words
from potok_client.cli.words import short


class ExitCode(enum.IntEnum):
    """What a command tells the script that called it; 130 and 143 are SIGINT and SIGTERM, as everywhere."""

    DONE = 0
    ERROR = 1
    USAGE = 2
    PARTIAL = 3
    FAILED = 4
    CANCELLED = 5
    UNREACHABLE = 6


RUN_EXITS = {
    stage_pb2.RUN_STATE_COMPLETED: ExitCode.DONE,
    stage_pb2.RUN_STATE_PARTIAL: ExitCode.PARTIAL,
    stage_pb2.RUN_STATE_FAILED: ExitCode.FAILED,
    stage_pb2.RUN_STATE_CANCELLED: ExitCode.CANCELLED,
}
"""The exit code of `run`, `retry` and `watch RUN` by the state the run ended in."""


class CommandFailed(Exception):
    """Ends the command: what is wrong, what to do (commands or settings, one a line), the exit code."""

    def __init__(self, message: str, *advice: str, code: ExitCode = ExitCode.ERROR) -> None:
        super().__init__(message)
        self.advice = advice
        self.code = code


def unreachable(what: str, address: str, variable: str, why: str = "") -> CommandFailed:
    """Return the error of a service that does not answer."""
    return CommandFailed(
        f"the {what} does not answer at {address}" + (f": {why}" if why else ""),
        "make up   starts the whole system on this machine",
        f"{variable}=host:port   names one elsewhere",
        code=ExitCode.UNREACHABLE,
    )


_AGAIN = {
    "failed": "tries its failures again",
    "pending": "does what is left of it",
    "all": "does all of it again, once the reasons are mended",
}
"""What a mode does for a stage of which too little succeeded."""


def refusal(error: grpc.aio.AioRpcError) -> CommandFailed:
    """Return what a failed call means to the user."""
    info, message = error_info(error), in_words(error.code(), error.details())
    told = info.metadata
    client, start, end = (
        told.get(name) or usual
        for name, usual in (("client_id", "CLIENT"), ("start_date", "START"), ("end_date", "END"))
    )
    over = f"{client} {start} {end}"
    advice: tuple[str, ...]
    match info.reason:
        case "RUN_ACTIVE":
            run = short(info.metadata["run_id"])
            advice = (f"potok watch {run}   follows it", f"potok cancel {run}   stops it")
        case "STAGE_OUT_OF_ORDER":
            stage = info.metadata["stage"].lower()
            advice = (f"potok run {over} --stage {stage}   covers the days first",)
        case "GATE_NOT_MET":
            stage, mode = told["stage"].lower(), told.get("mode", "").lower() or "failed"
            advice = (
                f"potok run {over} --stage {stage} --mode {mode}   {_AGAIN.get(mode, 'runs it again')}",
                f"potok client set {client} --min-success-ratio RATIO   asks for less",
            )
        case "RUN_NOT_ENDED":
            advice = (f"potok watch {short(told.get('run_id') or 'RUN')}   shows when it has",)
        case "SETTINGS_INVALID":
            option = info.metadata["field"].replace("_", "-")
            advice = (
                f"potok client show {client}   shows its settings",
                f"potok client set {client} --{option} VALUE   changes it",
            )
        case "RUN_OF_MEETING":
            advice = ("potok bot start URL   sends a new bot",)
        case "STOP_NOT_TAKEN":
            advice = ("potok bot watch BOT   shows when it has left",)
        case "NOTHING_FAILED":
            advice = (f"potok run {over}   takes what is new",)
        case _:
            return _by_status(error.code(), message)
    return CommandFailed(message, *advice)


def _by_status(code: grpc.StatusCode, message: str) -> CommandFailed:
    match code:
        case grpc.StatusCode.NOT_FOUND:
            return CommandFailed(message, *_where_to_look(message))
        case grpc.StatusCode.UNAVAILABLE | grpc.StatusCode.DEADLINE_EXCEEDED:
            return CommandFailed(message, "try again in a moment", code=ExitCode.UNREACHABLE)
        case grpc.StatusCode.UNAUTHENTICATED:
            return CommandFailed(message, "POTOK_TOKEN=…   is a token that is still good")
        case grpc.StatusCode.PERMISSION_DENIED:
            return CommandFailed(message, "POTOK_TOKEN=…   is a token of somebody who may")
        case grpc.StatusCode.INTERNAL | grpc.StatusCode.UNKNOWN:
            return CommandFailed(f"{message}: the log of the service says more")
    return CommandFailed(message)


_WHERE_TO_LOOK = {
    "there is no bot": (
        "potok bot list   shows your bots",
        "potok bot start URL   sends a new one",
    ),
    "client": (
        "potok client list   shows the clients",
        "potok client set CLIENT --source amocrm:ACCOUNT   sets one up",
    ),
    "call": ("potok items CLIENT START END --stage transcription   says why",),
    "account": ("potok account list   shows the accounts",),
    "recommendation": ("potok advice list CLIENT --all   shows what is known",),
    "run": ("potok runs   shows the runs",),
}
"""By how what was not found is named, as a sentence begins; an id in it may be of any letters."""


def _where_to_look(message: str) -> tuple[str, ...]:
    """Return the commands that show what there is of a kind, by a sentence that one of them is not found."""
    return next((found for kind, found in _WHERE_TO_LOOK.items() if message.startswith(kind)), ())
