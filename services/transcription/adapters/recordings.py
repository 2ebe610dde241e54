"""Recordings as call_sync hands them out."""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING

import structlog
from potok.call_sync.v1 import call_sync_service_pb2 as pb

from services.kernel.errors import NotFound, UpstreamUnavailable
from services.kernel.rpc.client import errors_of
from services.status.domain import Owner
from services.transcription.domain import (
    CallId,
    RecordingMissing,
    RecordingTooLarge,
    RecordingUnavailable,
)

if TYPE_CHECKING:  # the generated code has it for type checkers only
    from potok.call_sync.v1.call_sync_service_pb2_grpc import CallSyncServiceAsyncStub

log = structlog.get_logger()


class CallSyncRecordings:
    """Implements RecordingSource.

    A recording of more than `max_bytes` is refused, one that takes longer than `timeout` given up.
    """

    def __init__(
        self, stub: "CallSyncServiceAsyncStub", *, max_bytes: int, timeout: timedelta
    ) -> None:
        self._stub = stub
        self._max_bytes = max_bytes
        self._timeout = timeout

    @contextlib.asynccontextmanager
    async def fetch(self, owner: Owner, call_id: CallId) -> AsyncIterator[Path]:
        # The file has no name, so that nothing of it stays behind, however this process ends. Its
        # path goes through us and works in our children too.
        with tempfile.TemporaryFile() as file:
            await self._receive(owner, call_id, file)
            yield Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")

    async def _receive(self, owner: Owner, call_id: CallId, file: IO[bytes]) -> None:
        call = self._stub.ReadRecording(
            pb.ReadRecordingRequest(owner=owner, call_id=call_id),
            timeout=self._timeout.total_seconds(),
        )
        promised = received = 0
        try:
            with errors_of("call_sync"):
                async for response in call:
                    promised = promised or response.recording.size_bytes
                    received += len(response.data)
                    if max(promised, received) > self._max_bytes:
                        raise RecordingTooLarge(
                            f"the recording is larger than {self._max_bytes} bytes"
                        )
                    await asyncio.to_thread(file.write, response.data)
        except NotFound as error:
            raise RecordingMissing(str(error)) from error
        except UpstreamUnavailable as error:
            # The text of a broken connection is for its operator.
            log.warning("recording_unavailable", owner=owner, call_id=call_id, error=str(error))
            raise RecordingUnavailable("call_sync did not hand out the recording") from error
        finally:
            call.cancel()
        if received != promised:
            raise RecordingUnavailable(
                f"call_sync handed out {received} bytes of a recording of {promised}"
            )
        file.flush()
