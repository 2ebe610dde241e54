"""Who judges a meeting, and who takes over where that judge cannot."""

import structlog

from services.analysis.budget.usecases import Budgets
from services.analysis.meetings.domain import MeetingJudgement, MeetingTranscript
from services.analysis.meetings.ports import MeetingJudge
from services.llm.domain import UNANSWERED, ModelUnavailable
from services.status.domain import RunId

log = structlog.get_logger()


class MeetingJudging:
    """The judge, and `fallback` for meetings that it has no judgement of."""

    def __init__(
        self, judge: MeetingJudge, budgets: Budgets, *, fallback: MeetingJudge | None = None
    ) -> None:
        self._judge = judge
        self._budgets = budgets
        self._fallback = fallback

    async def judge(
        self, meeting: MeetingTranscript, run_id: RunId, *, last_attempt: bool
    ) -> tuple[MeetingJudgement, str]:
        """Return the judgement of a meeting, which the run pays for, and who judged; raises UNANSWERED.

        A judge that does not answer now is only replaced at the last attempt.
        """
        budget = self._budgets.budget(meeting.owner, run_id)
        try:
            async with self._budgets.in_time("meeting"):
                return await self._judge.judge(meeting, budget), self._judge.name(meeting)
        except UNANSWERED as error:
            if self._fallback is None:
                raise
            if isinstance(error, ModelUnavailable) and not last_attempt:
                raise
            log.warning("meeting_by_rules", bot_id=meeting.bot_id, why=str(error))
            return await self._fallback.judge(meeting, budget), self._fallback.name(meeting)
