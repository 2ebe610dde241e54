"""The rate limit of each account, shared by all processes through a schedule in the database."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from services.call_sync.accounts.domain import Account, AccountId
from services.call_sync.accounts.ports import Rates
from services.call_sync.domain import SourceWaits
from services.kernel.clock import utc_now
from services.status.domain import Wait, WaitReason

_WORTH_TELLING_SECONDS = 1.0
_ALONE_SECONDS = 10.0
"""How long is waited for an account where nobody can be told of it."""

Told = Callable[[Wait], None]
"""Who is told that an account is waited for, and until when."""


@dataclass(eq=False, slots=True)
class _Ticket:
    """A request that waits for its turn; `at` is the time of the event loop when the turn comes."""

    at: float | None = None


class Limiter:
    """Hands out turns to ask an account.

    Those who wait together in one process reserve their turns together, so that a fast account does not cost a
    statement a request, and no turn is reserved that nobody waits for.
    """

    def __init__(self, rates: Rates, top: float) -> None:
        """`top` is the highest rate a second of any account."""
        self._rates = rates
        self._top = top
        self._waiting: defaultdict[AccountId, list[_Ticket]] = defaultdict(list)
        self._reserving: defaultdict[AccountId, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def turn(self, account: Account, told: Told | None = None) -> None:
        """Wait until the account may be asked once; raises AccountNotFound.

        No wait is silent: who is `told` hears of it, and where nobody is, a long one raises SourceWaits.
        """
        ticket, waiting = _Ticket(), self._waiting[account.account_id]
        waiting.append(ticket)
        try:
            async with self._reserving[account.account_id]:
                if ticket.at is None:  # nobody has reserved for it meanwhile
                    await self._reserve(account, waiting)
        finally:
            if ticket in waiting:
                waiting.remove(ticket)
        assert ticket.at is not None
        seconds = ticket.at - asyncio.get_running_loop().time()
        if seconds > _WORTH_TELLING_SECONDS and told:
            until_at = utc_now() + timedelta(seconds=seconds)
            told(Wait(reason=WaitReason.RATE_LIMIT, until_at=until_at))
        elif seconds > _ALONE_SECONDS:
            until_at = utc_now() + timedelta(seconds=seconds)
            raise SourceWaits(
                f"account {account.account_id}: AmoCRM asks to slow down until {until_at:%H:%M:%S} UTC",
                WaitReason.RATE_LIMIT,
                until_at,
            )
        await asyncio.sleep(seconds)

    async def slow_down(self, account: Account, wait_seconds: float) -> None:
        """Hand out no turn before a wait is over, and then half as many."""
        await self._rates.halve_rate(account.account_id, wait_seconds)

    async def _reserve(self, account: Account, waiting: list[_Ticket]) -> None:
        tickets = list(waiting)
        top = min(account.requests_per_second, self._top)
        slots = await self._rates.reserve_slots(account.account_id, len(tickets), top)
        first_at = asyncio.get_running_loop().time() + slots.first_in
        for number, ticket in enumerate(tickets):
            ticket.at = first_at + number / slots.rate
        waiting[:] = [ticket for ticket in waiting if ticket.at is None]
        if slots.rate < top:
            await self._rates.raise_rate(account.account_id, top)
