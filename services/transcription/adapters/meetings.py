"""Meetings, their texts and recordings, as bot_status hands them out."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

from potok.bot_status.v1 import bot_status_service_pb2 as pb

from services.status.domain import Owner
from services.transcription.adapters.receiver import Receiving, refusals_of
from services.transcription.domain import CallId, Meeting
from services.transcription.mapping import meeting_from_pb

if TYPE_CHECKING:  # the generated code has it for type checkers only
    from potok.bot_status.v1.bot_status_service_pb2_grpc import BotStatusServiceAsyncStub

DEADLINE = 20.0
"""Seconds for what is known of a meeting."""


class BotStatusMeetings:
    """Implements MeetingSource; a meeting goes by the id of its bot."""

    def __init__(self, stub: "BotStatusServiceAsyncStub", receiving: Receiving) -> None:
        self._stub = stub
        self._receiving = receiving

    async def get_meeting(self, owner: Owner, call_id: CallId) -> Meeting:
        with refusals_of("bot_status"):
            response = await self._stub.GetMeeting(
                pb.GetMeetingRequest(owner=owner, bot_id=call_id), timeout=DEADLINE
            )
        return meeting_from_pb(response.meeting)

    @contextlib.asynccontextmanager
    async def fetch(self, owner: Owner, call_id: CallId) -> AsyncIterator[Path]:
        call = self._stub.ReadRecording(
            pb.ReadRecordingRequest(owner=owner, bot_id=call_id), timeout=self._receiving.deadline
        )
        async with self._receiving.received(call, "bot_status") as recording:
            yield recording
