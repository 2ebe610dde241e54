"""What the service can do: analyse for its stage, hand out for everybody else."""

from collections.abc import Mapping, Sequence

from services.analysis.analyse import analyse
from services.analysis.domain import (
    Analysis,
    AnalysisFilter,
    AnalysisNotFound,
    CallId,
    Conversation,
    Page,
    PlaybookUnknown,
)
from services.analysis.paging import page_token, parse_page_token
from services.analysis.playbook import Playbook
from services.analysis.ports import (
    AnalysisRepository,
    Conversations,
    Judge,
    Position,
    Transaction,
)
from services.status.domain import ExecutionNumber, Owner

PAGE_SIZE = 50


class CallAnalysis:
    """The analyses of all owners; `playbooks` are those a client may name."""

    def __init__(
        self,
        analyses: AnalysisRepository,
        conversations: Conversations,
        judge: Judge,
        playbooks: Mapping[str, Playbook],
    ) -> None:
        self._analyses = analyses
        self._conversations = conversations
        self._judge = judge
        self._playbooks = playbooks

    def get_playbook(self, name: str) -> Playbook:
        """Return a playbook; raises PlaybookUnknown."""
        if name not in self._playbooks:
            known = ", ".join(sorted(self._playbooks))
            raise PlaybookUnknown(f"playbook: {name!r} is not known, there are: {known}")
        return self._playbooks[name]

    async def get_conversations(
        self, owner: Owner, call_ids: Sequence[CallId]
    ) -> list[Conversation]:
        """Return the conversations of the calls that have one; raises UpstreamUnavailable."""
        return await self._conversations.get_conversations(owner, call_ids)

    async def analyse(self, conversation: Conversation, playbook: Playbook) -> Analysis:
        """Return the analysis of a conversation; raises NothingSaid, UndeclaredLabels."""
        return await analyse(conversation, playbook, self._judge)

    async def store_analyses(
        self,
        transaction: Transaction,
        owner: Owner,
        execution: ExecutionNumber,
        analyses: Sequence[Analysis],
    ) -> None:
        """Write analyses in the place of older ones."""
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

    async def list_analyses(self, wanted: AnalysisFilter, page_size: int, token: str) -> Page:
        """Return a page by day, start and id; raises InvalidInput for a token of another list."""
        page_size = page_size or PAGE_SIZE
        after = parse_page_token(wanted, token)
        analyses = await self._analyses.list_analyses(wanted, after, page_size)
        if len(analyses) < page_size:
            return Page(analyses=analyses)
        last = analyses[-1].call
        position = Position(day=last.day, started_at=last.started_at, call_id=last.call_id)
        return Page(analyses=analyses, next_page_token=page_token(wanted, position))
