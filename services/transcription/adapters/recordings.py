"""Recordings of calls, from call_sync."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

from potok.call_sync.v1 import call_sync_service_pb2 as pb

from services.status.domain import Owner
from services.transcription.adapters.receiver import RecordingReceiver
from services.transcription.domain import CallId

if TYPE_CHECKING:  # the generated code has it for type checkers only
    from potok.call_sync.v1.call_sync_service_pb2_grpc import CallSyncServiceAsyncStub


class CallSyncRecordings:
    """Implements RecordingSource."""

    def __init__(self, stub: "CallSyncServiceAsyncStub", receiver: RecordingReceiver) -> None:
        self._stub = stub
        self._receiver = receiver

    @contextlib.asynccontextmanager
    async def fetch(self, owner: Owner, call_id: CallId) -> AsyncIterator[Path]:
        call = self._stub.ReadRecording(
            pb.ReadRecordingRequest(owner=owner, call_id=call_id), timeout=self._receiver.deadline
        )
        async with self._receiver.receive(call, "call_sync") as recording:
            yield recording
