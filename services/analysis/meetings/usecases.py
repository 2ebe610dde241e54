"""What the service can do with meetings: analyse for its stage, hand out for everybody else."""

import asyncio
import itertools
from collections.abc import Sequence

from services.analysis.meetings.domain import (
    MOST_DECISIONS,
    BotId,
    MeetingAnalysis,
    MeetingAnalysisNotFound,
    MeetingDecision,
    MeetingTranscript,
    said_decisions,
    speaker_shares,
)
from services.analysis.meetings.judging import MeetingJudging
from services.analysis.meetings.ports import MeetingAnalysisRepository, MeetingTranscripts
from services.analysis.words.speech import NothingSaid, UnsureLanguage, count_words
from services.kernel.clock import utc_now
from services.stage.ports import Transaction
from services.status.domain import ExecutionNumber, Owner, RunId


class MeetingAnalyses:
    """The analyses of the meetings of all owners."""

    def __init__(
        self,
        analyses: MeetingAnalysisRepository,
        transcripts: MeetingTranscripts,
        judging: MeetingJudging,
    ) -> None:
        self._analyses = analyses
        self._transcripts = transcripts
        self._judging = judging

    async def get_meeting_transcript(self, owner: Owner, bot_id: BotId) -> MeetingTranscript | None:
        """Return the transcript of a meeting, None where there is none; raises UpstreamUnavailable."""
        return await self._transcripts.get_meeting_transcript(owner, bot_id)

    async def analyse(
        self, meeting: MeetingTranscript, run_id: RunId, *, last_attempt: bool
    ) -> MeetingAnalysis:
        """Return the analysis of a meeting for a run; raises NothingSaid, UnsureLanguage, and as MeetingJudging does."""
        if not any(count_words(turn.text) for turn in meeting.turns):
            raise NothingSaid(f"meeting {meeting.bot_id} has no words", reason="NO_SPEECH")
        if meeting.unsure_language:
            raise UnsureLanguage(meeting.unsure_language, reason="UNSURE_LANGUAGE")
        judgement, judge = await self._judging.judge(meeting, run_id, last_attempt=last_attempt)
        decisions = await asyncio.to_thread(_first_said, judgement.decisions, meeting)
        return MeetingAnalysis(
            bot_id=meeting.bot_id,
            owner=meeting.owner,
            session_id=run_id,
            summary=judgement.summary,
            decisions=decisions,
            speakers=speaker_shares(meeting.turns),
            judge=judge,
            created_at=utc_now(),
        )

    async def get_meeting_analysis(self, owner: Owner, bot_id: BotId) -> MeetingAnalysis:
        """Return the analysis of a meeting; raises MeetingAnalysisNotFound."""
        found = await self._analyses.get_meeting_analysis(owner, bot_id)
        if found is None:
            raise MeetingAnalysisNotFound(f"the meeting of bot {bot_id} has not been analysed")
        return found

    async def store_meeting_analyses(
        self,
        transaction: Transaction,
        execution: ExecutionNumber,
        analyses: Sequence[MeetingAnalysis],
    ) -> None:
        """Write analyses over older ones."""
        await self._analyses.store_meeting_analyses(transaction, execution, analyses)

    async def delete_meeting_analyses(
        self, transaction: Transaction, owner: Owner, bot_ids: Sequence[BotId]
    ) -> None:
        """Forget the analyses of meetings that are gone."""
        await self._analyses.delete_meeting_analyses(transaction, owner, bot_ids)


def _first_said(
    decisions: Sequence[MeetingDecision], meeting: MeetingTranscript
) -> tuple[MeetingDecision, ...]:
    return tuple(itertools.islice(said_decisions(decisions, meeting.turns), MOST_DECISIONS))
