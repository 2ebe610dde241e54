"""What the use cases of meetings need from the outside."""

from collections.abc import Sequence
from typing import Protocol

from services.analysis.budget.ports import Budget
from services.analysis.meetings.domain import (
    BotId,
    MeetingAnalysis,
    MeetingJudgement,
    MeetingTranscript,
)
from services.stage.ports import Transaction
from services.status.domain import ExecutionNumber, Owner


class MeetingJudge(Protocol):
    """Whoever reads a meeting: a set of rules or a language model."""

    def name(self, meeting: MeetingTranscript) -> str:
        """Name the judge, for instance `rules-ru`."""

    async def judge(self, meeting: MeetingTranscript, budget: Budget) -> MeetingJudgement:
        """Sum a meeting up, quoting the turns literally.

        A judge that asks a language model pays from the budget, and raises as that does.
        """


class MeetingTranscripts(Protocol):
    """Where the transcripts of meetings come from."""

    async def get_meeting_transcript(self, owner: Owner, bot_id: BotId) -> MeetingTranscript | None:
        """Return the transcript of a meeting, None where there is none; raises UpstreamUnavailable."""


class MeetingAnalysisRepository(Protocol):
    """Analyses of meetings, one a bot of an owner."""

    async def get_meeting_analysis(self, owner: Owner, bot_id: BotId) -> MeetingAnalysis | None:
        """Return an analysis, None where there is none."""

    async def store_meeting_analyses(
        self,
        transaction: Transaction,
        execution: ExecutionNumber,
        analyses: Sequence[MeetingAnalysis],
    ) -> None:
        """Write analyses over older ones; what a later execution wrote stays."""

    async def delete_meeting_analyses(
        self, transaction: Transaction, owner: Owner, bot_ids: Sequence[BotId]
    ) -> None:
        """Forget the analyses of meetings."""
