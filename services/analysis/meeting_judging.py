"""Who judges a meeting, who takes over where that judge cannot, and who pays."""

import asyncio

from services.analysis.analyse import NO_VERDICT
from services.analysis.judging import SHARE, Paying
from services.analysis.meeting import Meeting, MeetingJudgement
from services.analysis.meeting_ports import MeetingJudge
from services.llm.domain import ModelUnavailable
from services.status.domain import RunId


class MeetingJudging:
    """The judge, and `fallback` for meetings that it has no verdict on."""

    def __init__(
        self, judge: MeetingJudge, paying: Paying, *, fallback: MeetingJudge | None = None
    ) -> None:
        self._judge = judge
        self._paying = paying
        self._fallback = fallback

    async def judge(
        self, meeting: Meeting, run_id: RunId, *, last_attempt: bool
    ) -> tuple[MeetingJudgement, str]:
        """Return the judgement of a meeting, which the run pays for, and who judged; raises NO_VERDICT.

        A judge that does not answer now is only replaced at the last attempt.
        """
        try:
            return await self._judged(meeting, run_id), self._judge.name(meeting)
        except NO_VERDICT as error:
            if self._fallback is None:
                raise
            if isinstance(error, ModelUnavailable) and not last_attempt:
                raise
            purse = self._paying.purse(meeting.owner, run_id)
            return await self._fallback.judge(meeting, purse), self._fallback.name(meeting)

    async def _judged(self, meeting: Meeting, run_id: RunId) -> MeetingJudgement:
        seconds = SHARE * self._paying.lifetime.total_seconds()
        try:
            async with asyncio.timeout(seconds):
                return await self._judge.judge(meeting, self._paying.purse(meeting.owner, run_id))
        except TimeoutError as error:
            raise ModelUnavailable(
                f"the meeting was not judged within {seconds:.0f} s: raise "
                "POTOK_ANALYSIS_JOB_TIMEOUT"
            ) from error
