"""A stage whose items and outcomes are given by the test."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.stage.domain import (
    Execution,
    Found,
    Item,
    ItemId,
    Limits,
    Outcome,
    Success,
)
from services.status.domain import Owner, Stage

DAY = date(2026, 5, 4)


def found(*names: str, day: date = DAY, upstream: int = 0) -> list[Found]:
    return [Found(item_id=ItemId(name), day=day, upstream=upstream) for name in names]


def succeed(item: Item) -> Outcome:
    return Success(item_id=item.item_id, result=f"result of {item.item_id}")


@dataclass(kw_only=True, eq=False)
class FakeStage:
    """Lists `items` by owner, ends each as `outcome` says, and keeps what it was asked."""

    stage: Stage = Stage.TRANSCRIPTION
    limits: Limits = field(default_factory=Limits)
    items: dict[str, list[Found]] = field(default_factory=dict)
    outcome: Callable[[Item], Outcome] = succeed
    page_size: int = 1000
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    worked: list[str] = field(default_factory=list)
    jobs: list[list[str]] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    finished: list[int] = field(default_factory=list)
    discoveries: int = 0
    cancelled: int = 0

    def __post_init__(self) -> None:
        self.go_on.set()

    async def discover(self, execution: Execution) -> AsyncIterator[Sequence[Found]]:
        self.discoveries += 1
        items = self.items.get(execution.owner, [])
        for start in range(0, len(items), self.page_size):
            yield items[start : start + self.page_size]

    async def work(self, execution: Execution, items: Sequence[Item]) -> Sequence[Outcome]:
        self.worked += [f"{execution.owner}/{item.item_id}" for item in items]
        self.jobs.append([item.item_id for item in items])
        self.started.set()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return [self.outcome(item) for item in items]

    async def store(
        self, transaction: Any, execution: Execution, successes: Sequence[Success]
    ) -> None:
        self.stored += [success.item_id for success in successes]

    async def forget(self, transaction: Any, owner: Owner, item_ids: Sequence[ItemId]) -> None:
        self.forgotten += item_ids

    async def finish(self, execution: Execution) -> None:
        self.finished.append(execution.number)
