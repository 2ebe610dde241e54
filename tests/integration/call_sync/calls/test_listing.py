"""The list of calls over a real server and Postgres."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from potok.call_sync.v1 import call_service_pb2 as pb
from potok.call_sync.v1 import listed_call_pb2

from services.status.domain import ItemState, Reason, Stage
from tests.call_scene import CLINIC, CallScene, a_call_at, call_scene
from tests.conftest import Database
from tests.identity import token


@pytest.fixture
async def scene(database: Database) -> AsyncIterator[CallScene]:
    async with call_scene(database) as scene:
        yield scene


async def listed(scene: CallScene, as_: str = "", **given: Any) -> list[str]:
    """Return the ids of the calls that a filter means, of all pages of two."""
    ids: list[str] = []
    request = pb.ListCallsRequest(
        owner=CLINIC, filter=listed_call_pb2.CallFilter(**given), page_size=2
    )
    async with scene.stub(as_) as stub:
        while True:
            page = await stub.ListCalls(request)
            ids += [call.call.call_id for call in page.calls]
            if not request.page_token:
                total = page.total
            if not page.next_page_token:
                assert len(ids) == total
                return ids
            request.page_token = page.next_page_token


async def test_all_calls_are_listed_the_latest_first_whatever_became_of_them(
    scene: CallScene,
) -> None:
    await scene.list(*(a_call_at(f"c{n}", n) for n in range(5)))
    await scene.change(Stage.CALL_SYNC, ["c0", "c1"])
    await scene.change(
        Stage.CALL_SYNC, ["c2"], ItemState.SKIPPED, output=0, reason=Reason.MISSED_CALL
    )
    await scene.say("c0", "Добрый день")
    await scene.find("c0", call_type="new_booking", outcome="booked", score=80.0)

    assert await listed(scene) == ["c4", "c3", "c2", "c1", "c0"]
    async with scene.stub() as stub:
        answer = await stub.GetCall(pb.GetCallRequest(owner=CLINIC, call_id="c0"))
    call = answer.call
    assert [stage.available for stage in call.stages] == [True, True, True]
    assert (call.call_type, call.outcome, call.score, call.language) == (
        "new_booking",
        "booked",
        80.0,
        "ru",
    )


async def test_a_number_is_whole_for_administrators_only(scene: CallScene) -> None:
    await scene.list(a_call_at("c1", contact="+7 916 123-45-67"))
    anna = token("anna", clients=["clinic"])
    request = pb.GetCallRequest(owner=CLINIC, call_id="c1")

    async with scene.stub() as stub:
        call = (await stub.GetCall(request)).call
        assert (call.call.contact, call.contact_masked) == ("+7 916 123-45-67", False)
    async with scene.stub(anna) as stub:
        call = (await stub.GetCall(request)).call
        assert (call.call.contact, call.contact_masked) == ("+7 *** ***-45-67", True)

    assert await listed(scene, anna, contact="4567") == ["c1"]
    assert await listed(scene, anna, contact="1234") == []
    assert await listed(scene, contact="1234") == ["c1"]
    for probe in ("456", "34567", "79161234567"):
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await listed(scene, anna, contact=probe)
        assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT
