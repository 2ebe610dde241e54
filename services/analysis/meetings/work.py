"""What the stage ANALYSIS does with a meeting, the only item of its execution."""

from collections.abc import Sequence
from typing import cast

from services.analysis.budget.unjudged import unjudged
from services.analysis.meetings.domain import BotId, MeetingAnalysis
from services.analysis.meetings.usecases import MeetingAnalyses
from services.analysis.words.speech import NothingSaid, UnsureLanguage
from services.kernel.errors import UpstreamUnavailable
from services.llm.domain import UNANSWERED
from services.stage.domain import Execution, Failure, Item, ItemId, Outcome, Skip, Success
from services.stage.ports import Transaction
from services.status.domain import Owner, Reason


class MeetingWork:
    """Analyses meetings in `attempts` tries."""

    def __init__(self, analyses: MeetingAnalyses, attempts: int) -> None:
        self._analyses = analyses
        self._attempts = attempts

    async def outcome(self, execution: Execution, item: Item) -> Outcome:
        """Return what becomes of a meeting."""
        item_id, bot_id = item.item_id, BotId(item.item_id)
        last = item.attempt >= self._attempts
        try:
            meeting = await self._analyses.get_meeting_transcript(execution.owner, bot_id)
            if meeting is None:
                return Failure(
                    item_id=item_id,
                    reason=Reason.INTERNAL,
                    message="its transcript was forgotten meanwhile",
                )
            analysis = await self._analyses.analyse(meeting, execution.run_id, last_attempt=last)
        except NothingSaid as error:
            return Skip(item_id=item_id, reason=Reason.NO_SPEECH, message=str(error))
        except UnsureLanguage as error:
            return Skip(item_id=item_id, reason=Reason.UNSURE_LANGUAGE, message=str(error))
        except UNANSWERED as error:
            return unjudged(item_id, error)
        except UpstreamUnavailable as error:
            return Failure(item_id=item_id, reason=Reason.UPSTREAM_UNAVAILABLE, message=str(error))
        return Success(item_id=item_id, result=analysis)

    async def store(
        self, transaction: Transaction, execution: Execution, successes: Sequence[Success]
    ) -> None:
        """Store what was made of meetings."""
        analyses = [cast(MeetingAnalysis, success.result) for success in successes]
        await self._analyses.store_meeting_analyses(transaction, execution.number, analyses)

    async def forget(
        self, transaction: Transaction, owner: Owner, item_ids: Sequence[ItemId]
    ) -> None:
        """Forget what was made of those of the items that are meetings."""
        await self._analyses.delete_meeting_analyses(
            transaction, owner, [BotId(item_id) for item_id in item_ids]
        )
