"""The gateway, and whether it answers."""

import asyncio
import contextlib
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import grpc
from potok.coordinator.v1 import bot_service_pb2_grpc
from potok.coordinator.v1 import coordinator_service_pb2_grpc as pb_grpc

from potok_client.channels import channels
from potok_client.cli.exits import CommandFailed, ExitCode, unreachable
from potok_client.identity import NoIdentity, own_token

DEADLINE = 10
"""Seconds that a call may take."""
CONNECT_SECONDS = 5
ADDRESS = "POTOK_ADDRESS"
USUAL = "127.0.0.1:8000"

_FORM = re.compile(r"((http://)?[^\s/:]+:\d+|https://[^\s/:]+(:\d+)?)/?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinator:
    """The coordinator to talk to."""

    stub: "pb_grpc.CoordinatorServiceAsyncStub"
    """The stub of the first address that answered."""
    bots: "bot_service_pb2_grpc.BotServiceAsyncStub"
    """The stub of the same address for bots."""
    channel: grpc.aio.Channel
    """The channel to that address, for the RPCs of other services."""
    replicas: list[grpc.aio.Channel]
    """Channels to all of them, for the watch."""


@contextlib.asynccontextmanager
async def coordinator() -> AsyncIterator[Coordinator]:
    """Connect to the coordinator behind the gateway."""
    async with _gateways() as (first, replicas):
        yield Coordinator(
            stub=pb_grpc.CoordinatorServiceStub(first),
            bots=bot_service_pb2_grpc.BotServiceStub(first),
            channel=first,
            replicas=replicas,
        )


@contextlib.asynccontextmanager
async def gateway() -> AsyncIterator[grpc.aio.Channel]:
    """Connect to the gateway: a channel to every service that it opens."""
    async with _gateways() as (first, _):
        yield first


@contextlib.asynccontextmanager
async def _gateways() -> AsyncIterator[tuple[grpc.aio.Channel, list[grpc.aio.Channel]]]:
    """Connect to what POTOK_ADDRESS names; several are separated by commas."""
    given = os.environ.get(ADDRESS) or USUAL
    addresses = [address.strip() for address in given.split(",")]
    if not all(map(_FORM.fullmatch, addresses)):
        raise CommandFailed(
            f"{ADDRESS} is {given!r}: write host:port, like {USUAL}, or https://host",
            code=ExitCode.USAGE,
        )
    try:
        token = own_token()
    except NoIdentity as error:
        raise CommandFailed(str(error), *error.advice, code=ExitCode.USAGE) from None
    async with channels(addresses, token) as replicas:
        for replica in replicas:
            if await _answers(replica):
                yield replica, replicas
                return
    raise unreachable("gateway", given, ADDRESS)


async def _answers(channel: grpc.aio.Channel) -> bool:
    """Try once to connect; return whether that succeeded."""
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
