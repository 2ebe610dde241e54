"""Meetings, their texts and recordings, from bot_status."""

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from potok.bot_status.v1 import bot_status_service_pb2 as pb

from services.status.domain import Owner
from services.transcription.adapters.receiver import RecordingReceiver, refusals_of
from services.transcription.domain import CallId, FetchedRecording, MeetingMedia
from services.transcription.mapping import meeting_from_pb

if TYPE_CHECKING:  # the generated code has it for type checkers only
    from potok.bot_status.v1.bot_status_service_pb2_grpc import BotStatusServiceAsyncStub

DEADLINE = 20.0
"""Seconds that asking what is known of a meeting may take."""


class BotStatusMeetings:
    """Implements MeetingSource; the id of a meeting is that of its bot."""

    def __init__(self, stub: "BotStatusServiceAsyncStub", receiver: RecordingReceiver) -> None:
        self._stub = stub
        self._receiver = receiver

    async def get_meeting(self, owner: Owner, call_id: CallId) -> MeetingMedia:
        with refusals_of("bot_status"):
            response = await self._stub.GetMeeting(
                pb.GetMeetingRequest(owner=owner, bot_id=call_id), timeout=DEADLINE
            )
        return meeting_from_pb(response.meeting)

    @contextlib.asynccontextmanager
    async def fetch(self, owner: Owner, call_id: CallId) -> AsyncIterator[FetchedRecording]:
        call = self._stub.ReadRecording(
            pb.ReadRecordingRequest(owner=owner, bot_id=call_id), timeout=self._receiver.deadline
        )
        async with self._receiver.receive(call, "bot_status") as (path, _):
            yield FetchedRecording(path=path)
