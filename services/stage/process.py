"""What all parts of one stage process share."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.stage.adapters.job_queue import JobQueue
from services.stage.adapters.reporter import Reporter
from services.stage.domain import UnknownStage
from services.stage.ports import StageWork
from services.stage.repository.database import Pool
from services.stage.running import Running
from services.stage.settings import StageSettings
from services.status.domain import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """The database, the stages, and the parts that everything else stands on."""

    pool: Pool
    works: Mapping[Stage, StageWork]
    queue: JobQueue
    running: Running
    reporter: Reporter
    settings: StageSettings

    def work_of(self, stage: Stage) -> StageWork:
        """Return the work of a stage; raises UnknownStage."""
        if stage not in self.works:
            served = ", ".join(each.value for each in self.works)
            raise UnknownStage(f"stage: {stage.value} is not served here, only {served}")
        return self.works[stage]
