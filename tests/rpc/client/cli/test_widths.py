"""Every command at 60, 80 and 120 columns: ids, days and times are whole, and commands that are printed can be copied."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import message_factory
from google.protobuf.message import Message
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1 import watch_pb2
from potok.status.v1 import event_pb2, progress_pb2, stage_pb2
from potok_client.cli.app import app
from typer.testing import CliRunner

from deploy.tables import commands
from gateway.endpoints import methods
from tests.access import path_of
from tests.builders.events import stamp
from tests.identity import client_environment

RUN = "0f3c2b1a-1111-4222-8333-444444444444"
CLIENT = "clinic-on-the-long-street-in-the-old-town-42"
CALL = "amocrm-4270930155667788-lead-990011223344"
BOT = "bot_5f0c1a7e-93b2-4d7e-8a51-0e6f7c1d2b3a"
ADVICE = "3f2a9d1c-5555-4666-8777-888888888888"
ACCOUNT = "account-of-the-clinic-number-77"
WIDE = "400"
SENTENCE = (
    "the outside service limits the rate of requests for this account, which is read again at 12:30"
)

ARGUMENTS = {
    "potok run": (CLIENT, "2026-11-02", "2026-11-04", "--yes"),
    "potok watch": (RUN,),
    "potok runs": (),
    "potok retry": (RUN, "--no-watch"),
    "potok cancel": (RUN,),
    "potok bot start": ("https://meet.google.com/abc-defg-hij", "--no-watch"),
    "potok bot status": (BOT, "--observations"),
    "potok bot watch": (BOT,),
    "potok bot stop": (BOT,),
    "potok bot list": (),
    "potok status": (CLIENT, "2026-11-02", "2026-11-04"),
    "potok items": (CLIENT, "2026-11-02", "2026-11-04"),
    "potok ledger": (CLIENT, "2026-11-02", "2026-11-04"),
    "potok report": (CLIENT, "2026-11-02", "2026-11-04"),
    "potok history": (CLIENT,),
    "potok advice list": (CLIENT,),
    "potok advice close": (CLIENT, ADVICE, "--done"),
    "potok advice reopen": (CLIENT, ADVICE),
    "potok transcript": (CLIENT, CALL),
    "potok calls": (CLIENT, "2026-11-02", "2026-11-04"),
    "potok call": (CLIENT, CALL),
    "potok search": (CLIENT, "имплант"),
    "potok recording": (CLIENT, CALL, "--output", "/dev/null"),
    "potok account add": (ACCOUNT, "--host", "example.amocrm.ru"),
    "potok account list": (),
    "potok account check": (ACCOUNT,),
    "potok account resume": (ACCOUNT,),
    "potok account remove": (ACCOUNT,),
    "potok client set": (CLIENT, "--source", f"amocrm:{ACCOUNT}"),
    "potok client list": (),
    "potok client show": (CLIENT,),
    "potok admin new-epoch": (),
    "potok admin rejected": (RUN,),
}
PRINT_FOR_PROGRAMS = {"potok judge", "potok token", "potok admin issue-token"}
"""JSON and tokens: no terminal has a say in them."""

TEXTS = {
    "run_id": RUN,
    "retry_of": "",
    "client_id": CLIENT,
    "owner": f"client:{CLIENT}",
    "bot_id": BOT,
    "account_id": ACCOUNT,
    "item_id": CALL,
    "call_id": CALL,
    "id": ADVICE,
    "subject": RUN,
    "start_date": "2026-11-02",
    "end_date": "2026-11-04",
    "time_zone": "Europe/Moscow",
    "source": f"amocrm:{ACCOUNT}",
    "meet_url": "https://meet.google.com/abc-defg-hij",
    "status": "done",
    "overall_status": "processing",
    "next_page_token": "",
    "cancelled_by": "",
    "page_token": "",
    "currency": "EUR",
}


def text_of(field: Any) -> str:
    if field.name in TEXTS:
        return TEXTS[field.name]
    if field.name.endswith("day"):
        return "2026-11-02"
    return SENTENCE if field.name in {"message", "text", "why", "detail", "comment"} else field.name


def filled(kind: Any, depth: int = 6) -> Message:
    """Return a message in which every field says something."""
    made = message_factory.GetMessageClass(kind)()
    if kind.full_name == "google.protobuf.Timestamp":
        return stamp(61)
    for field in kind.fields:
        if field.containing_oneof and field is not field.containing_oneof.fields[0]:
            continue
        if field.type == field.TYPE_MESSAGE and (
            not depth or field.message_type.GetOptions().map_entry
        ):
            continue
        value = value_of(field, depth)
        if field.is_repeated:
            getattr(made, field.name).extend([value, value])
        elif field.type == field.TYPE_MESSAGE:
            getattr(made, field.name).CopyFrom(value)
        else:
            setattr(made, field.name, value)
    return made


def value_of(field: Any, depth: int) -> Any:
    match field.type:
        case field.TYPE_MESSAGE:
            return filled(field.message_type, depth - 1)
        case field.TYPE_STRING:
            return text_of(field)
        case field.TYPE_ENUM:
            return field.enum_type.values[-1].number
        case field.TYPE_BOOL:
            return True
        case field.TYPE_BYTES:
            return b""
        case _:
            return 12345


def a_run(state: "stage_pb2.RunState.ValueType") -> event_pb2.RunStatus:
    return event_pb2.RunStatus(
        run_id=RUN,
        owner=f"client:{CLIENT}",
        client_id=CLIENT,
        range=progress_pb2.DateRange(start_date="2026-11-02", end_date="2026-11-04"),
        first_stage=stage_pb2.STAGE_CALL_SYNC,
        last_stage=stage_pb2.STAGE_REPORTING,
        state=state,
        stage=stage_pb2.STAGE_TRANSCRIPTION,
        actor="olga.petrova@clinic.example",
        create_time=stamp(0),
        end_time=stamp(75),
    )


def a_stage() -> event_pb2.StageStatus:
    return event_pb2.StageStatus(
        run_id=RUN,
        owner=f"client:{CLIENT}",
        execution=7,
        stage=stage_pb2.STAGE_TRANSCRIPTION,
        state=stage_pb2.EXECUTION_STATE_PARTIAL,
        create_time=stamp(0),
        end_time=stamp(70),
        progress=progress_pb2.StageProgress(
            items=progress_pb2.ItemCounts(success=3, failed=1, skipped=2),
            failures=[
                progress_pb2.ItemFailure(
                    item_id=CALL, reason=stage_pb2.REASON_BAD_AUDIO, message=SENTENCE
                )
            ],
            discovered=True,
        ),
    )


def frames() -> list[pb.WatchStatusResponse]:
    """Return what a watch says of a run and a bot that have ended."""
    bot = event_pb2.BotStatus(
        bot_id=BOT,
        owner="user:anna",
        state=stage_pb2.BOT_STATE_ERROR,
        error_message=SENTENCE,
        meet_url=TEXTS["meet_url"],
        create_time=stamp(0),
        update_time=stamp(70),
    )
    events = [
        event_pb2.Event(run=a_run(stage_pb2.RUN_STATE_PARTIAL)),
        event_pb2.Event(stage=a_stage()),
        event_pb2.Event(bot=bot),
    ]
    change = event_pb2.Change(events=events, time=stamp(75), revision=5, actor="transcription")
    snapshot = watch_pb2.FRAME_KIND_SNAPSHOT
    return [
        pb.WatchStatusResponse(kind=snapshot, changes=[change], revision=5),
        pb.WatchStatusResponse(
            kind=watch_pb2.FRAME_KIND_SNAPSHOT_END, revision=5, resume_token="t"
        ),
    ]


class Recorded(grpc.GenericRpcHandler):
    """Answers every RPC with what was recorded of it."""

    def __init__(self) -> None:
        self.methods = {path_of(method): method for method in methods()}

    def service(self, handler_call_details: Any) -> Any:
        method = self.methods[handler_call_details.method]
        if method.name == "WatchStatus":
            return grpc.unary_stream_rpc_method_handler(
                lambda _request, _context: iter(frames()),
                response_serializer=pb.WatchStatusResponse.SerializeToString,
            )
        answer = filled(method.output_type).SerializeToString()
        return grpc.unary_unary_rpc_method_handler(lambda _request, _context: answer)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with ThreadPoolExecutor(4) as pool:
        server = grpc.server(pool, handlers=[Recorded()])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield f"127.0.0.1:{port}"
        server.stop(None).wait()


def said(address: str, command: str, width: str, home: Path) -> str:
    told = client_environment(
        address, COLUMNS=width, HOME=str(home), POTOK_AMOCRM_TOKEN="t", TERM="dumb"
    )
    ended = CliRunner(env=told).invoke(app, [*command.split()[1:], *ARGUMENTS[command]])
    assert "Traceback" not in ended.output
    assert "fault of potok" not in ended.output, ended.output
    return ended.output


def facts(text: str) -> set[str]:
    """Return the ids, days, times and addresses of a text."""
    return {
        word.strip(":,;()“”")
        for word in text.split()
        if re.search(r"\d", word) and not re.fullmatch(r"[\d:]+", word)
    }


def printed_commands(text: str) -> set[str]:
    """Return the commands that a text advises, with what stands behind them on their line cut off."""
    found = re.findall(r"potok [a-z].*", text)
    return {re.split(r" {3}| (?:follows|shows|does) it", each)[0].strip() for each in found}


def test_every_command_is_looked_at() -> None:
    assert {name for name, _ in commands()} == ARGUMENTS.keys() | PRINT_FOR_PROGRAMS


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("command", ARGUMENTS)
def test_what_a_command_says_is_whole(
    address: str, command: str, width: int, tmp_path: Path
) -> None:
    whole = said(address, command, WIDE, tmp_path)
    shown = said(address, command, str(width), tmp_path)

    assert shown.strip()
    assert facts(whole) <= facts(shown)
    joined = re.sub(r" \\\n\s*", " ", shown)
    for advised in printed_commands(whole):
        assert advised in joined
    too_long = [
        line
        for line in shown.splitlines()
        if len(line) > width and max(map(len, line.split())) + 16 < width
    ]
    assert too_long == [], "lines break between words"
