"""The stage TRANSCRIPTION: one recording an item, of a call or a meeting, becomes one transcript."""

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, cast

from services.stage.adapters.upstream import discover_upstream
from services.stage.domain import (
    Execution,
    Failure,
    Found,
    Item,
    ItemId,
    Limits,
    Outcome,
    Skip,
    Success,
)
from services.stage.pauses import failed_with_pause
from services.stage.ports import Transaction
from services.status.domain import RECOGNISED, ClientSettings, Cost, Owner, SettingFault, Stage
from services.transcription.domain import (
    CallId,
    EngineUnavailable,
    NothingToTranscribe,
    NotTranscribed,
    Transcript,
)
from services.transcription.usecases import Transcription

if TYPE_CHECKING:  # the generated code has it for type checkers only
    from potok.stage.v1.stage_service_pb2_grpc import StageServiceAsyncStub


class TranscriptionWork:
    """Implements StageWork; `upstream` is the StageService of CALL_SYNC."""

    stage = Stage.TRANSCRIPTION

    def __init__(
        self, transcription: Transcription, upstream: "StageServiceAsyncStub", limits: Limits
    ) -> None:
        self.limits = limits
        self._transcription = transcription
        self._upstream = upstream

    async def discover(self, execution: Execution) -> AsyncIterator[Sequence[Found]]:
        if execution.bot_id:  # a meeting has no stage before: bot_status has it
            yield [Found(item_id=ItemId(execution.bot_id), day=execution.range.start)]
            return
        async for page in discover_upstream(self._upstream, execution, Stage.CALL_SYNC):
            yield page

    def preview(self, execution: Execution) -> AsyncIterator[Sequence[Found]]:
        return self.discover(execution)

    async def check_settings(self, settings: ClientSettings) -> Sequence[SettingFault]:
        if settings.language in RECOGNISED:
            return ()
        return [
            SettingFault(
                field="language",
                message=f"{settings.language!r} is no language that speech is recognised in, "
                "write its two letters of ISO 639-1, such as ru or en",
            )
        ]

    def estimate(self, settings: ClientSettings, duration_seconds: float | None) -> Cost | None:
        del settings
        return None if duration_seconds is None else self._transcription.price(duration_seconds)

    async def work(self, execution: Execution, items: Sequence[Item]) -> Sequence[Outcome]:
        return [await self._outcome(execution, item.item_id) for item in items]

    async def store(
        self, transaction: Transaction, execution: Execution, successes: Sequence[Success]
    ) -> None:
        transcripts = [cast(Transcript, success.result) for success in successes]
        await self._transcription.upsert_transcripts(
            transaction, execution.owner, execution.number, transcripts
        )

    async def forget(
        self, transaction: Transaction, owner: Owner, item_ids: Sequence[ItemId]
    ) -> None:
        await self._transcription.delete_transcripts(
            transaction, owner, [CallId(item_id) for item_id in item_ids]
        )

    async def discard(
        self, transaction: Transaction, owner: Owner, item_ids: Sequence[ItemId]
    ) -> None:
        await self.forget(transaction, owner, item_ids)

    async def finish(self, execution: Execution) -> None:
        """Do nothing: transcripts need no work as a whole."""

    async def _outcome(self, execution: Execution, item_id: ItemId) -> Outcome:
        try:
            transcript = await self._transcript(execution, CallId(item_id))
        except NothingToTranscribe as error:
            return Skip(item_id=item_id, reason=error.reason, message=str(error))
        except EngineUnavailable as error:
            return failed_with_pause(item_id, error.reason, str(error), error.retry_after)
        except NotTranscribed as error:
            return Failure(item_id=item_id, reason=error.reason, message=str(error))
        return Success(item_id=item_id, result=transcript, message=transcript.incomplete)

    async def _transcript(self, execution: Execution, call_id: CallId) -> Transcript:
        if execution.bot_id:
            return await self._transcription.transcribe_meeting(execution.owner, call_id)
        return await self._transcription.transcribe(execution.owner, call_id, execution.settings)
