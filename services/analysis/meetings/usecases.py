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
    MeetingJudgement,
    MeetingTranscript,
    said_decisions,
    speaker_shares,
)
from services.analysis.meetings.judging import MeetingJudging
from services.analysis.meetings.ports import MeetingAnalysisRepository, MeetingTranscripts
from services.analysis.meetings.withheld import plain_decisions, plain_summary, withhold
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
        # A long meeting takes a second: too long for an event loop.
        heard, withheld = await asyncio.to_thread(withhold, meeting)
        judgement, judge = await self._judging.judge(heard, run_id, last_attempt=last_attempt)
        summary, decisions, removed = await asyncio.to_thread(
            _checked, judgement, heard, trusted=not (withheld and judgement.by_model)
        )
        return MeetingAnalysis(
            bot_id=meeting.bot_id,
            owner=meeting.owner,
            session_id=run_id,
            summary=summary,
            decisions=decisions,
            speakers=speaker_shares(meeting.turns),
            judge=judge,
            created_at=utc_now(),
            evidence_flags=(*withheld, *removed),
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


def _checked(
    judgement: MeetingJudgement, meeting: MeetingTranscript, *, trusted: bool
) -> tuple[str, tuple[MeetingDecision, ...], tuple[str, ...]]:
    """Return the summary and the decisions of a judgement as they may be kept, and what was removed."""
    said = itertools.islice(said_decisions(judgement.decisions, meeting.turns), MOST_DECISIONS)
    decisions, removed = plain_decisions(tuple(said), trusted=trusted)
    summary, flags = plain_summary(judgement.summary, decisions, meeting.language, trusted=trusted)
    return summary, decisions, (*flags, *removed)
