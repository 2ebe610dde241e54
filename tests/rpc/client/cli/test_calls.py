"""`potok calls`, `call` and `search` against a service that answers what the test says."""

import json
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.protobuf import timestamp_pb2
from potok.call_sync.v1 import call_pb2, listed_call_pb2
from potok.call_sync.v1 import call_service_pb2 as pb
from potok.call_sync.v1 import call_service_pb2_grpc as pb_grpc
from potok.coordinator.v1 import coordinator_service_pb2 as coordinator_pb
from potok.coordinator.v1 import coordinator_service_pb2_grpc as coordinator_grpc
from potok.coordinator.v1 import run_pb2
from potok.status.v1 import progress_pb2, stage_pb2
from potok.transcription.v1 import transcript_pb2

from tests.command_line import Said, potok
from tests.identity import client_environment

AS_OF = timestamp_pb2.Timestamp(seconds=1_793_600_000)
HELD = 130
"""Calls that there are: more than a page of the command."""


def a_listed(number: int) -> listed_call_pb2.ListedCall:
    return listed_call_pb2.ListedCall(
        call=call_pb2.Call(
            call_id=f"call-{number}",
            day="2026-11-02",
            start_time=timestamp_pb2.Timestamp(seconds=1_793_610_000),
            employee="Анна",
            contact="+7*****0001",
            card=call_pb2.Card(kind="lead", card_id="7", link="https://a.amocrm.ru/leads/detail/7"),
        ),
        stages=[
            listed_call_pb2.CallStage(
                stage=stage_pb2.STAGE_TRANSCRIPTION,
                state=stage_pb2.ITEM_STATE_FAILED,
                reason=stage_pb2.REASON_BAD_AUDIO,
                message="9 channels",
            )
        ],
    )


class Services(coordinator_grpc.CoordinatorServiceServicer, pb_grpc.CallServiceServicer):
    """Calls by pages; `asked` is what for."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.as_of: timestamp_pb2.Timestamp | None = AS_OF

    async def GetClient(self, request: Any, _context: Any) -> Any:  # noqa: N802
        settings = progress_pb2.ClientSettings(time_zone="Europe/Moscow")
        client = run_pb2.Client(client_id=request.client_id, settings=settings)
        return coordinator_pb.GetClientResponse(client=client)

    async def ListCalls(self, request: Any, _context: Any) -> Any:  # noqa: N802
        self.asked.append(request)
        start = int(request.page_token or 0)
        end = min(HELD, start + request.page_size)
        return pb.ListCallsResponse(
            calls=map(a_listed, range(start, end)),
            next_page_token=str(end) if end < HELD else "",
            total=None if start else HELD,
            as_of_time=self.as_of,
        )

    async def GetCall(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return pb.GetCallResponse(call=a_listed(1), as_of_time=self.as_of)

    async def SearchCalls(self, request: Any, _context: Any) -> Any:  # noqa: N802
        self.asked.append(request)
        passage = listed_call_pb2.Passage(
            turn=3,
            speaker=transcript_pb2.SPEAKER_CLIENT,
            start_seconds=65,
            text="а сколько стоит",
            highlights=[listed_call_pb2.TextSpan(start=2, end=9)],
        )
        found = listed_call_pb2.FoundCall(call=a_listed(1), passages=[passage], more_passages=2)
        return pb.SearchCallsResponse(calls=[found], as_of_time=self.as_of)


@pytest.fixture
def services() -> Services:
    return Services()  # type: ignore[abstract]  # the other RPCs are not asked for


@pytest.fixture
async def environment(services: Services) -> AsyncIterator[dict[str, str]]:
    server = grpc.aio.server()
    coordinator_grpc.add_CoordinatorServiceServicer_to_server(services, server)
    pb_grpc.add_CallServiceServicer_to_server(services, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    yield client_environment(address)
    await server.stop(None)


async def said(environment: dict[str, str], *arguments: str) -> Said:
    return await potok(*arguments, environment=environment)


async def test_calls_are_listed_over_pages_up_to_the_limit(
    services: Services, environment: dict[str, str]
) -> None:
    code, out, err = await said(environment, "calls", "clinic", "--limit", "120", "--missed")

    assert code == 0
    assert out.count("bad audio") == 120
    assert "only the latest 120 of 130 are shown" in err
    assert [asked.page_size for asked in services.asked] == [100, 20]
    assert all(asked.filter.HasField("answered") for asked in services.asked)
    assert not services.asked[0].filter.answered


async def test_json_is_a_list(environment: dict[str, str]) -> None:
    listed = json.loads((await said(environment, "calls", "clinic", "--limit", "2", "--json"))[1])
    found = json.loads((await said(environment, "search", "clinic", "цена", "--json"))[1])

    assert [each["call"]["call_id"] for each in listed] == ["call-0", "call-1"]
    assert [each["call"]["call"]["call_id"] for each in found] == ["call-1"]


async def test_a_call_says_where_it_is_and_what_it_hangs_on(environment: dict[str, str]) -> None:
    code, out, err = await said(environment, "call", "clinic", "call-1")

    assert code == 0
    assert "9 channels" in out
    assert "lead https://a.amocrm.ru/leads/detail/7" in out
    assert "as of" in err


async def test_what_was_said_stands_with_its_second_and_speaker(
    services: Services, environment: dict[str, str]
) -> None:
    code, out, _ = await said(environment, "search", "clinic", '"сколько стоит"', "имплант")

    assert code == 0
    assert services.asked[0].query == '"сколько стоит" имплант'
    assert "client: а сколько стоит" in out
    assert "and 2 more" in out


async def test_a_copy_that_is_not_whole_says_so(
    services: Services, environment: dict[str, str]
) -> None:
    services.as_of = None
    assert "being copied" in (await said(environment, "calls", "clinic"))[2]


@pytest.mark.parametrize(
    "wrong",
    [
        ("calls", "clinic", "--state", "failed"),
        ("search", "clinic", "цена", "--to", "2026-11-02"),
    ],
)
async def test_half_a_filter_is_refused(
    environment: dict[str, str], wrong: tuple[str, ...]
) -> None:
    code, _, err = await said(environment, *wrong)
    assert code == 2
    assert "say with" in err
