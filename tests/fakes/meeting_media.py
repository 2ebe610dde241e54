"""A bot_status that hands out the meetings it is given, over a real server."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any, NoReturn

import grpc
from potok.bot_status.v1 import bot_status_service_pb2 as pb
from potok.bot_status.v1 import meeting_pb2

from services.kernel.errors import DomainError, NotFound
from services.kernel.rpc.errors import abort
from services.kernel.rpc.server import serving
from tests.identity import guard

SERVICE = "potok.bot_status.v1.BotStatusService"
PIECE = 256 << 10


class FakeBotStatus:
    """Meetings and recordings by bot; `broken` is raised in the place of a recording."""

    def __init__(self) -> None:
        self.meetings: dict[str, meeting_pb2.Meeting] = {}
        self.recordings: dict[str, bytes] = {}
        self.broken: DomainError | None = None

    def add(
        self,
        bot_id: str,
        *,
        owner: str = "user:anna",
        text: str = "",
        recording: bytes = b"",
        language: str = "ru",
        speakers: tuple[tuple[str, float, float], ...] = (),
    ) -> None:
        """Keep a meeting of Thursday, 2026-11-26, in Moscow."""
        self.meetings[bot_id] = meeting_pb2.Meeting(
            bot_id=bot_id,
            owner=owner,
            day="2026-11-26",
            time_zone="Europe/Moscow",
            language=language,
            text=text,
            speakers=[
                meeting_pb2.SpokenInterval(speaker_name=name, start_seconds=start, end_seconds=end)
                for name, start, end in speakers
            ],
        )
        if recording:
            self.recordings[bot_id] = recording

    async def get_meeting(
        self, request: pb.GetMeetingRequest, context: Any
    ) -> pb.GetMeetingResponse:
        meeting = self.meetings.get(request.bot_id)
        if meeting is None or meeting.owner != request.owner:
            await self._missing(context, request.bot_id)
        return pb.GetMeetingResponse(meeting=meeting)

    async def read_recording(
        self, request: pb.ReadRecordingRequest, context: Any
    ) -> AsyncIterator[pb.ReadRecordingResponse]:
        if self.broken:
            await abort(context, self.broken)
        content = self.recordings.get(request.bot_id)
        if content is None:
            await self._missing(context, request.bot_id)
        recording = meeting_pb2.MeetingRecording(size_bytes=len(content))
        yield pb.ReadRecordingResponse(recording=recording)
        for start in range(0, len(content), PIECE):
            yield pb.ReadRecordingResponse(data=content[start : start + PIECE])

    async def _missing(self, context: Any, bot_id: str) -> NoReturn:
        await abort(context, NotFound(f"nothing is kept of the meeting of {bot_id}"))

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Serve on a free port; yields the address."""

        def register(server: grpc.aio.Server) -> None:
            handlers: dict[str, Any] = {
                "GetMeeting": grpc.unary_unary_rpc_method_handler(
                    self.get_meeting,
                    pb.GetMeetingRequest.FromString,
                    pb.GetMeetingResponse.SerializeToString,
                ),
                "ReadRecording": grpc.unary_stream_rpc_method_handler(
                    self.read_recording,
                    pb.ReadRecordingRequest.FromString,
                    pb.ReadRecordingResponse.SerializeToString,
                ),
            }
            server.add_generic_rpc_handlers(
                [grpc.method_handlers_generic_handler(SERVICE, handlers)]
            )

        async with serving("127.0.0.1:0", register, services=[], guard=guard()) as port:
            yield f"127.0.0.1:{port}"
