"""Recordings of calls, from call_sync."""

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from potok.call_sync.v1 import call_pb2
from potok.call_sync.v1 import call_sync_service_pb2 as pb

from services.status.domain import Owner
from services.transcription.adapters.receiver import RecordingReceiver
from services.transcription.domain import CallId, FetchedRecording

if TYPE_CHECKING:  # the generated code has it for type checkers only
    from potok.call_sync.v1.call_sync_service_pb2_grpc import CallSyncServiceAsyncStub


class CallSyncRecordings:
    """Implements RecordingSource."""

    def __init__(self, stub: "CallSyncServiceAsyncStub", receiver: RecordingReceiver) -> None:
        self._stub = stub
        self._receiver = receiver

    @contextlib.asynccontextmanager
    async def fetch(self, owner: Owner, call_id: CallId) -> AsyncIterator[FetchedRecording]:
        call = self._stub.ReadRecording(
            pb.ReadRecordingRequest(owner=owner, call_id=call_id), timeout=self._receiver.deadline
        )
        async with self._receiver.receive(call, "call_sync") as (path, first):
            yield FetchedRecording(
                path=path,
                outgoing=first.direction == call_pb2.DIRECTION_OUTGOING,
                language=first.language,
            )
