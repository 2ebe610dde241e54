"""Executions as the work of a stage gets them; valid, with defaults."""

from dataclasses import replace
from datetime import date

from services.stage.domain import Execution
from services.status.domain import (
    ClientSettings,
    DateRange,
    ExecutionNumber,
    ExecutionState,
    Owner,
    RunId,
    RunMode,
    Stage,
)

DAYS = DateRange(start=date(2026, 3, 1), end=date(2026, 3, 2))


def an_execution(stage: Stage, **changes: object) -> Execution:
    """Return an execution of the client clinic over DAYS, in which `changes` are made."""
    execution = Execution(
        number=ExecutionNumber(7),
        stage=stage,
        run_id=RunId("r"),
        owner=Owner("client:clinic"),
        mode=RunMode.PENDING,
        range=DAYS,
        settings=ClientSettings(
            time_zone="Europe/Moscow",
            source="folder:/calls",
            playbook="clinic",
            language="ru",
            min_success_ratio=0,
            weight=1,
        ),
        state=ExecutionState.RUNNING,
        discovered=False,
    )
    return replace(execution, **changes)  # type: ignore[arg-type]  # fields by their names
