"""Channels between services, and from the client to them."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from potok_client.channels import channels

from services.kernel.errors import UpstreamUnavailable
from services.kernel.rpc.client import channel_to, errors_of
from services.kernel.rpc.server import serving
from tests.identity import admin, guard
from tests.waiting import PATIENCE

Opened = Callable[[str], AbstractAsyncContextManager[grpc.aio.Channel]]


@asynccontextmanager
async def of_a_service(address: str) -> AsyncIterator[grpc.aio.Channel]:
    async with channel_to(address, admin) as channel:
        yield channel


@asynccontextmanager
async def of_the_client(address: str) -> AsyncIterator[grpc.aio.Channel]:
    async with channels([address], admin) as (channel,):
        yield channel


@pytest.mark.parametrize("opened", [of_a_service, of_the_client])
async def test_a_proxy_of_the_environment_does_not_stand_between_services(
    opened: Opened, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port}")
    monkeypatch.delenv("no_proxy", raising=False)
    async with (
        serving("127.0.0.1:0", lambda _: None, services=[], guard=guard()) as port,
        opened(f"127.0.0.1:{port}") as channel,
    ):
        health: Any = health_pb2_grpc.HealthStub(channel)
        answer = await health.Check(health_pb2.HealthCheckRequest(), timeout=PATIENCE)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_a_service_that_is_down_is_named_without_the_words_of_the_transport(
    free_port: int,
) -> None:
    async with channel_to(f"127.0.0.1:{free_port}", admin) as channel:
        health: Any = health_pb2_grpc.HealthStub(channel)
        with pytest.raises(UpstreamUnavailable) as raised, errors_of("TRANSCRIPTION"):
            await health.Check(health_pb2.HealthCheckRequest(), timeout=PATIENCE)
    assert str(raised.value) == "TRANSCRIPTION does not answer"
