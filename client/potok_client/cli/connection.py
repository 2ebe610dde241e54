"""Where the services are, and the first replica of one that answers."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import grpc
from potok.coordinator.v1 import coordinator_service_pb2_grpc as pb_grpc

from potok_client.channels import channels
from potok_client.cli.exits import CommandFailed, ExitCode, unreachable

DEADLINE = 10
"""Seconds that a call may take."""
CONNECT_SECONDS = 5
COORDINATOR = "POTOK_ADDRESS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinator:
    """The coordinator to talk to."""

    stub: "pb_grpc.CoordinatorServiceAsyncStub"
    """Of the first replica that answered."""
    replicas: list[grpc.aio.Channel]
    """All of them, for the watch."""


@contextlib.asynccontextmanager
async def coordinator() -> AsyncIterator[Coordinator]:
    """Connect to the coordinator that POTOK_ADDRESS names; several replicas are separated by commas."""
    async with _service("coordinator", COORDINATOR, "127.0.0.1:8050") as (first, replicas):
        yield Coordinator(stub=pb_grpc.CoordinatorServiceStub(first), replicas=replicas)


def call_sync() -> AbstractAsyncContextManager[grpc.aio.Channel]:
    """Connect to the service that holds accounts, calls and recordings."""
    return _channel("call_sync service", "POTOK_CALL_SYNC_ADDRESS", "127.0.0.1:8051")


def transcription() -> AbstractAsyncContextManager[grpc.aio.Channel]:
    """Connect to the service that holds transcripts."""
    return _channel("transcription service", "POTOK_TRANSCRIPTION_ADDRESS", "127.0.0.1:8052")


def analysis() -> AbstractAsyncContextManager[grpc.aio.Channel]:
    """Connect to the service that holds the analyses of calls."""
    return _channel("analysis service", "POTOK_ANALYSIS_ADDRESS", "127.0.0.1:8053")


def recommendations() -> AbstractAsyncContextManager[grpc.aio.Channel]:
    """Connect to the service that holds the reports of ranges."""
    return _channel("recommendations service", "POTOK_RECOMMENDATIONS_ADDRESS", "127.0.0.1:8054")


@contextlib.asynccontextmanager
async def _channel(what: str, variable: str, default: str) -> AsyncIterator[grpc.aio.Channel]:
    async with _service(what, variable, default) as (first, _):
        yield first


@contextlib.asynccontextmanager
async def _service(
    what: str, variable: str, default: str
) -> AsyncIterator[tuple[grpc.aio.Channel, list[grpc.aio.Channel]]]:
    given = os.environ.get(variable) or default
    addresses = [address.strip() for address in given.split(",")]
    for address in addresses:
        host, _, port = address.rpartition(":")
        if not (host and port.isdigit()):
            raise CommandFailed(
                f"{variable} is {given!r}: write host:port, like {default}", code=ExitCode.USAGE
            )
    async with channels(addresses) as replicas:
        for replica in replicas:
            if await _answers(replica):
                yield replica, replicas
                return
    raise unreachable(what, given, variable)


async def _answers(channel: grpc.aio.Channel) -> bool:
    """Connect; False as soon as the first try fails."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CONNECT_SECONDS):
            state = channel.get_state(try_to_connect=True)
            while state is not grpc.ChannelConnectivity.READY:
                if state is grpc.ChannelConnectivity.TRANSIENT_FAILURE:
                    return False
                await channel.wait_for_state_change(state)
                state = channel.get_state(try_to_connect=True)
            return True
    return False
