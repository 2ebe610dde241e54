"""What the use cases need from the outside."""

from typing import Protocol

from services.analysis.domain import Conversation, Judgement
from services.analysis.playbook import Playbook


class Judge(Protocol):
    """Whoever reads a conversation: a set of rules or a language model.

    `version` changes whenever the same conversation and playbook may give another judgement.
    """

    @property
    def name(self) -> str:
        """Name the judge, for instance `rules`."""

    @property
    def version(self) -> str:
        """Tell which edition of the judge this is."""

    async def judge(self, conversation: Conversation, playbook: Playbook) -> Judgement:
        """Judge a conversation with the labels of the playbook, quoting the turns literally."""
