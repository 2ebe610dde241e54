"""What a caller may watch."""

from services.coordinator.watch.domain import Filter, Selection
from services.coordinator.watch.ports import BotSelection, RunSelection
from services.status.domain import client_owner
from services.status.identity import Caller


class Selections:
    """Turns what callers ask to watch into filters, and refuses what does not exist or is not theirs."""

    def __init__(self, runs: RunSelection, bots: BotSelection) -> None:
        self._runs = runs
        self._bots = bots

    async def filter_of(self, selection: Selection, caller: Caller) -> Filter:
        """Return what a watch delivers: what it names, or else all that its caller may see.

        Raises NotFound and Forbidden.
        """
        topics = await self._runs.watch_topics(selection.client_ids, selection.run_ids)
        await self._bots.check_bots(caller, selection.bot_ids)
        topics |= frozenset(selection.bot_ids)
        if selection.client_ids or topics:
            owners = frozenset[str](map(client_owner, selection.client_ids))
            return Filter(everything=False, owners=owners, topics=topics)
        if caller.sees_all:
            return Filter(everything=True)
        return Filter(everything=False, owners=frozenset(caller.owners))
