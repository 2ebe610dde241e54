"""Conversations by RPC: the facts of calls from call_sync, what was said from transcription."""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from potok.call_sync.v1 import call_pb2, call_sync_service_pb2
from potok.transcription.v1 import transcript_pb2, transcription_service_pb2

from services.analysis.calls.domain import (
    CallFacts,
    CallId,
    Conversation,
    Direction,
    Speaker,
    Turn,
    Word,
)
from services.analysis.calls.mapping import DIRECTION_FROM_PB, SPEAKER_FROM_PB
from services.analysis.words.languages import unsure_language
from services.kernel.errors import LimitReached
from services.kernel.rpc.client import errors_of
from services.kernel.rpc.convert import moment
from services.status.domain import Owner

if TYPE_CHECKING:  # the generated code has them for type checkers only
    from potok.call_sync.v1.call_sync_service_pb2_grpc import CallSyncServiceAsyncStub
    from potok.transcription.v1.transcription_service_pb2_grpc import TranscriptionServiceAsyncStub


class RpcConversations:
    """Implements Conversations with one call to each of the two services."""

    def __init__(
        self,
        calls: "CallSyncServiceAsyncStub",
        transcripts: "TranscriptionServiceAsyncStub",
        timeout: timedelta,
    ) -> None:
        self._calls = calls
        self._transcripts = transcripts
        self._timeout = timeout.total_seconds()

    async def get_conversations(
        self, owner: Owner, call_ids: Sequence[CallId]
    ) -> list[Conversation]:
        calls, transcripts = await asyncio.gather(
            self._get_calls(owner, call_ids), self._get_transcripts(owner, call_ids)
        )
        said = {transcript.call_id: transcript for transcript in transcripts}
        return [
            conversation_from_pb(call, said[call.call_id]) for call in calls if call.call_id in said
        ]

    async def _get_calls(self, owner: Owner, call_ids: Sequence[CallId]) -> Sequence[call_pb2.Call]:
        request = call_sync_service_pb2.GetCallsRequest(owner=owner, call_ids=call_ids)
        with errors_of("call_sync"):
            return (await self._calls.GetCalls(request, timeout=self._timeout)).calls

    async def _get_transcripts(
        self, owner: Owner, call_ids: Sequence[CallId]
    ) -> Sequence[transcript_pb2.Transcript]:
        """Return transcripts with their words; those that are too long for one answer in several."""
        request = transcription_service_pb2.GetTranscriptsRequest(
            owner=owner, call_ids=call_ids, words=True
        )
        try:
            with errors_of("transcription"):
                response = await self._transcripts.GetTranscripts(request, timeout=self._timeout)
        except LimitReached:
            if len(call_ids) == 1:
                raise
            middle = len(call_ids) // 2
            first = await self._get_transcripts(owner, call_ids[:middle])
            return [*first, *await self._get_transcripts(owner, call_ids[middle:])]
        return response.transcripts


def conversation_from_pb(
    call: call_pb2.Call, transcript: transcript_pb2.Transcript
) -> Conversation:
    """Join what is known of a call with what was said in it; a value of a later release is UNKNOWN."""
    told = call.HasField("duration_seconds")
    return Conversation(
        call=CallFacts(
            call_id=CallId(call.call_id),
            owner=Owner(call.owner),
            employee=call.employee or None,
            day=date.fromisoformat(call.day),
            started_at=moment(call.start_time),
            duration_seconds=call.duration_seconds if told else transcript.duration_seconds,
            direction=DIRECTION_FROM_PB.get(call.direction, Direction.UNKNOWN),
        ),
        language=transcript.language,
        turns=tuple(
            Turn(
                index=index,
                speaker=SPEAKER_FROM_PB.get(segment.speaker, Speaker.UNKNOWN),
                start_seconds=segment.start_seconds,
                end_seconds=segment.end_seconds,
                text=segment.text,
                words=tuple(
                    Word(
                        text=word.text,
                        start_seconds=word.start_seconds,
                        end_seconds=word.end_seconds,
                        probability=word.probability,
                    )
                    for word in segment.words
                ),
            )
            for index, segment in enumerate(transcript.segments)
        ),
        overlap_reliable=transcript.overlap_reliable,
        speakers_guessed=transcript.speakers_guessed,
        unsure_language=unsure_language(
            (transcript_pb2.Speaker.Name(heard.speaker), heard.language)
            for heard in transcript.languages
            if heard.unsure
        ),
    )
