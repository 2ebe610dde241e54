"""What the service can do: analyse for its stage, hand out for everybody else."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from services.analysis.budget.unjudged import reason_of
from services.analysis.calls.dialogue import parse_dialogue
from services.analysis.calls.domain import (
    Analysis,
    AnalysisFilter,
    AnalysisNotFound,
    CallId,
    Conversation,
    NotJudged,
    TooExpensive,
)
from services.analysis.calls.judging import Judging
from services.analysis.calls.ports import (
    AnalysisRepository,
    Conversations,
    Position,
)
from services.analysis.playbooks.domain import Playbook, PlaybookUnknown
from services.kernel.clock import utc_now
from services.kernel.paging import Page, day, moment, page_of, page_start, text
from services.llm.domain import CostLimitReached, NoAnswer
from services.stage.ports import Transaction
from services.status.domain import Cost, ExecutionNumber, Owner, RunId

PAGE_SIZE = 50


class CallAnalysis:
    """The analyses of all owners; `playbooks` are those a client may name."""

    def __init__(
        self,
        analyses: AnalysisRepository,
        conversations: Conversations,
        judging: Judging,
        playbooks: Mapping[str, Playbook],
    ) -> None:
        self._analyses = analyses
        self._conversations = conversations
        self._judging = judging
        self._playbooks = playbooks

    def get_playbook(self, name: str) -> Playbook:
        """Return a playbook; raises PlaybookUnknown."""
        if name not in self._playbooks:
            known = ", ".join(sorted(self._playbooks))
            raise PlaybookUnknown(f"playbook: {name!r} is not known, there are: {known}")
        return self._playbooks[name]

    def list_playbooks(self) -> list[str]:
        """Return the names of all playbooks."""
        return sorted(self._playbooks)

    async def get_conversations(
        self, owner: Owner, call_ids: Sequence[CallId]
    ) -> list[Conversation]:
        """Return the conversations of the calls that have one; raises UpstreamUnavailable."""
        return await self._conversations.get_conversations(owner, call_ids)

    async def analyse(
        self,
        conversation: Conversation,
        playbook: Playbook,
        run_id: RunId,
        *,
        last_attempt: bool,
    ) -> Analysis:
        """Return the analysis of a conversation for a run; raises as Judging does."""
        return await self._judging.analyse(
            conversation, playbook, run_id, last_attempt=last_attempt
        )

    def price(self, playbook_name: str, duration_seconds: float) -> Cost | None:
        """Return what a call of that length costs at the most; raises PlaybookUnknown."""
        return self._judging.price(self.get_playbook(playbook_name), duration_seconds)

    async def judge_dialogue(self, text: str, playbook_name: str, language: str) -> Analysis:
        """Return the analysis of a dialogue that somebody wrote down.

        Raises InvalidInput that names the line, PlaybookUnknown, NothingSaid, NotJudged,
        TooExpensive and ModelUnavailable.
        """
        playbook = self.get_playbook(playbook_name)
        conversation = parse_dialogue(text, language or playbook.languages[0], utc_now())
        try:
            return await self._judging.analyse(conversation, playbook, None, last_attempt=True)
        except NoAnswer as error:
            raise NotJudged(str(error), reason=reason_of(error).value) from error
        except CostLimitReached as error:
            raise TooExpensive(str(error), reason=reason_of(error).value) from error

    async def store_analyses(
        self,
        transaction: Transaction,
        owner: Owner,
        execution: ExecutionNumber,
        analyses: Sequence[Analysis],
    ) -> None:
        """Write analyses over older ones."""
        await self._analyses.store_analyses(transaction, owner, execution, analyses)

    async def delete_analyses(
        self, transaction: Transaction, owner: Owner, call_ids: Sequence[CallId]
    ) -> None:
        """Forget the analyses of calls that are gone."""
        await self._analyses.delete_analyses(transaction, owner, call_ids)

    async def get_analysis(self, owner: Owner, call_id: CallId) -> Analysis:
        """Return the analysis of a call; raises AnalysisNotFound."""
        found = await self._analyses.get_analyses(owner, [call_id])
        if not found:
            raise AnalysisNotFound(f"call {call_id} has not been analysed")
        return found[0]

    async def get_analyses(self, owner: Owner, call_ids: Sequence[CallId]) -> list[Analysis]:
        """Return the analyses that there are, in the order asked for."""
        return await self._analyses.get_analyses(owner, call_ids)

    async def list_analyses(
        self, filter_: AnalysisFilter, page_size: int, token: str
    ) -> Page[Analysis]:
        """Return a page by day, start and id; raises InvalidInput for a token of another list."""
        page_size = page_size or PAGE_SIZE
        listing = f"ListAnalyses {filter_}"
        after = page_start(listing, token, (day, moment, text), _position)
        found = await self._analyses.list_analyses(filter_, after, page_size + 1)
        return page_of(listing, found, page_size, _keys)


def _keys(analysis: Analysis) -> tuple[str, str, str]:
    call = analysis.call
    return call.day.isoformat(), call.started_at.isoformat(), call.call_id


def _position(on: date, started_at: datetime, call_id: str) -> Position:
    return Position(day=on, started_at=started_at, call_id=CallId(call_id))
