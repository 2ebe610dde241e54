"""How good the expected end of stages and runs is, over recorded and simulated runs. Needs no clock: prints in seconds.

Everything goes through the state machine as reports of services do. What is looked at is the end that people are told:
with each report, and evenly over the time, as they count down to it between reports.
"""

import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from statistics import fmean

from benchmarks.simulated_runs import (
    HELD_OUT,
    TUNED,
    UNFORESEEABLE,
    UNSEEN,
    Make,
    Report,
    reports,
    whole_run,
)
from services.coordinator.state import sequence
from services.coordinator.state.domain import Client, Execution, Run, Start
from services.coordinator.state.estimate import Details, HeldItem
from services.coordinator.state.order import ORDER
from services.coordinator.state.reports import StageReport
from services.coordinator.state.tenant import Tenant
from services.status.domain import (
    ClientSettings,
    DateRange,
    ExecutionNumber,
    ExecutionState,
    ItemCounts,
    RunId,
    RunMode,
    Stage,
)

RECORDED = Path(__file__).parent / "data" / "recorded_runs.json"
RUNS = 12
"""Simulated runs of each shape."""
CLOSE = 0.25
"""What is told is close where it is at most by that part of the time left away from it."""
AIM = 0.8
FIRST_TENTH = 0.1
SHORTEST = 10.0
"""Seconds; nobody counts down to the end of a recorded stage that is shorter."""
LOOKS = 100
"""Looks at what is told, evenly over the time of a run."""
BEGAN = datetime(2026, 11, 21, 12, tzinfo=UTC)
_DAY = date(2026, 11, 20)
_JUMP_PART, _JUMP_SECONDS = 0.02, 1.0


@dataclass(slots=True)
class Told:
    """The expected ends that were told of one stage or run: when, and what; all in seconds since it began."""

    ends: list[tuple[float, float | None]] = field(default_factory=list)
    ended_at: float = 0.0

    def ratios(self, times: Iterable[float]) -> Iterator[float]:
        """Yield, for times after the first tenth, the time left as it is told over the time that is left."""
        at = 0
        for time in times:
            while at + 1 < len(self.ends) and self.ends[at + 1][0] <= time:
                at += 1
            end = self.ends[at][1] if self.ends and self.ends[at][0] <= time else None
            left = self.ended_at - time
            if end is not None and left > 0 and time >= FIRST_TENTH * self.ended_at:
                yield max(0.0, end - time) / left

    def as_told(self) -> list[float]:
        """Return the ratios at the moments at which something was told."""
        return list(self.ratios([at for at, _ in self.ends]))

    def as_seen(self) -> list[float]:
        """Return the ratios evenly over the time."""
        return list(self.ratios([self.ended_at * n / LOOKS for n in range(LOOKS)]))

    def jumps(self) -> int:
        """Count how often the end moved away by more than a little after the first tenth."""
        jumps, before = 0, None
        for at, end in self.ends:
            if end is not None and before is not None and at >= FIRST_TENTH * self.ended_at:
                jumps += end - before > max(_JUMP_SECONDS, _JUMP_PART * (before - at))
            before = end
        return jumps


@dataclass(slots=True)
class Score:
    """What was told of runs of one kind."""

    told: list[float] = field(default_factory=list)
    seen: list[float] = field(default_factory=list)
    jumps: int = 0
    runs: int = 0

    def add(self, told: Told) -> None:
        """Take what was told of a run."""
        self.told += told.as_told()
        self.seen += told.as_seen()
        self.jumps += told.jumps()
        self.runs += 1

    def plus(self, other: "Score") -> "Score":
        """Return both as one."""
        return Score(
            self.told + other.told,
            self.seen + other.seen,
            self.jumps + other.jumps,
            self.runs + other.runs,
        )

    @property
    def shown(self) -> float:
        """How much of the time after the first tenth anything is told."""
        return len(self.seen) / (self.runs * LOOKS * (1 - FIRST_TENTH)) if self.runs else 0.0


def close(ratios: Sequence[float]) -> float:
    """Return the portion that is close."""
    return sum(abs(r - 1) <= CLOSE for r in ratios) / len(ratios) if ratios else 0.0


def off_twice(ratios: Sequence[float]) -> float:
    """Return the portion that is off by more than twice."""
    return sum(not 0.5 <= r <= 2 for r in ratios) / len(ratios) if ratios else 0.0


class Clinic:
    """A client whose runs go through the state machine, one after another."""

    def __init__(self) -> None:
        settings = ClientSettings(
            time_zone="UTC",
            source="folder:/calls",
            playbook="clinic",
            language="ru",
            min_success_ratio=0,
            weight=1,
        )
        self._client = Client(client_id="clinic", settings=settings)
        self.tenant = Tenant(owner=self._client.owner, version=0)
        self._numbers = map(ExecutionNumber, count(1))
        self._now = BEGAN
        for stage in ORDER:  # any of them may come first
            self.tenant.day(stage, _DAY.isoformat()).covered_at = BEGAN

    def run(
        self, stages: Sequence[Stage], services: Sequence[Iterable[Report]]
    ) -> tuple[list[Told], Told]:
        """Run stages that report so; returns what was told of each, and of the run."""
        start = Start(
            client=self._client,
            range=DateRange(start=_DAY, end=_DAY),
            stages=tuple(stages),
            mode=RunMode.ALL,
            actor="benchmark",
            today=self._now.date(),
        )
        run, _ = sequence.start_run(
            self.tenant, start, RunId(f"run {self._now}"), next(self._numbers), self._now
        )
        begun_at, of_run = self._now, Told()
        of_stages = [self._stage(run, reported, begun_at, of_run) for reported in services]
        while self.tenant.run is not None:  # the stages that follow and are not looked at
            self._stage(run, [], begun_at, Told())
        of_run.ended_at = (self._now - begun_at).total_seconds()
        return of_stages, of_run

    def _stage(
        self, run: Run, reported: Iterable[Report], begun_at: datetime, of_run: Told
    ) -> Told:
        execution = next(
            e for e in self.tenant.executions.values() if e.run_id == run.run_id and not e.ended_at
        )
        told, created_at = Told(), execution.created_at
        self._note(execution, told, created_at, of_run, begun_at)
        last = Report(
            at=0.0, counts=ItemCounts(), discovered=True, waiting=False, details=Details()
        )
        number = 0
        for number, last in enumerate(reported, 1):
            self._now = created_at + timedelta(seconds=last.at)
            self._report(execution, number, last, ExecutionState.RUNNING, created_at)
            self._note(execution, told, created_at, of_run, begun_at)
        state = ExecutionState.PARTIAL if last.counts.failed else ExecutionState.SUCCEEDED
        self._now += timedelta(seconds=0.1)
        self._report(execution, number + 1, last, state, created_at)
        told.ended_at = (self._now - created_at).total_seconds()
        return told

    def _report(
        self,
        execution: Execution,
        number: int,
        report: Report,
        state: ExecutionState,
        created_at: datetime,
    ) -> None:
        began = created_at.timestamp()
        details = report.details
        shifted = details._replace(
            at_work=tuple(
                item._replace(begun_at=began + item.begun_at) for item in details.at_work
            ),
            until_at=None if details.until_at is None else began + details.until_at,
        )
        sequence.take_report(
            self.tenant,
            execution,
            StageReport(
                execution=execution.number,
                sequence=number,
                state=state,
                progress=f"{number}".encode(),
                counts=report.counts,
                discovered=report.discovered,
                waiting=report.waiting,
                reason=None,
                message="",
                days=(),
                details=shifted,
            ),
            lambda: next(self._numbers),
            self._now,
        )

    def _note(
        self,
        execution: Execution,
        told: Told,
        created_at: datetime,
        of_run: Told,
        begun_at: datetime,
    ) -> None:
        for ends, end, since in (
            (told, execution.expected_end_at, created_at),
            (of_run, execution.run_expected_end_at, begun_at),
        ):
            at = (self._now - since).total_seconds()
            ends.ends.append((at, None if end is None else (end - since).total_seconds()))


def plain_mean(reported: Iterable[Report]) -> Told:
    """Return what the mean of the elapsed time over the ended items would tell: the least that a page can do."""
    told = Told()
    for report in reported:
        counts, end = report.counts, None
        if counts.ended and report.discovered:
            end = report.at * (counts.ended + counts.open) / counts.ended
        told.ends.append((report.at, end))
        told.ended_at = report.at + 0.1
    return told


def _simulated(name: str, number: int) -> list[list[Report]]:
    """Return what the executions of a shape report: the one that is looked at is the last."""
    rng = random.Random(f"{name} {number}")
    shape = (TUNED | HELD_OUT | UNSEEN)[name](rng)
    return [list(reports(each, rng)) for each in (shape.after, shape) if each]


def measure(name: str, runs: int = RUNS) -> tuple[Score, Score]:
    """Return the scores of a shape, of ours and of the plain mean."""
    ours, mean = Score(), Score()
    for number in range(runs):
        clinic, told, executions = Clinic(), Told(), _simulated(name, number)
        for reported in executions:
            [told], _ = clinic.run([Stage.TRANSCRIPTION], [reported])
        ours.add(told)
        mean.add(plain_mean(executions[-1]))
    return ours, mean


def measure_whole_runs(runs: int = RUNS, earlier: int = 2) -> tuple[Score, Score]:
    """Return the scores of the stages and of the run, where the client has run before, with other calls."""
    of_stages, of_runs = Score(), Score()
    for number in range(runs):
        rng, clinic = random.Random(f"whole {number}"), Clinic()
        for last in [False] * earlier + [True]:
            shapes = whole_run(rng, speed=rng.uniform(0.85, 1.15)).stages
            services = [list(reports(shape, rng)) for shape in shapes]
            stages, run = clinic.run(ORDER[: len(services)], services)
            if last:
                of_runs.add(run)
                for told in stages:
                    of_stages.add(told)
    return of_stages, of_runs


def recorded_runs() -> Iterator[tuple[str, Told, Told]]:
    """Yield, of each recorded run and stage, its name, what is told of it and what the plain mean would."""
    clinic = Clinic()
    for run in json.loads(RECORDED.read_text()):  # each goes on to its end, as a run of the client
        stages = [Stage(stage["stage"]) for stage in run["stages"]]
        services = [[_recorded(report) for report in stage["reports"]] for stage in run["stages"]]
        of_stages, of_run = clinic.run(stages, services)
        for stage, told, reported in zip(stages, of_stages, services, strict=True):
            yield f"{run['name']}, {stage.value.lower()}", told, plain_mean(reported)
        yield f"{run['name']}, whole run", of_run, Told()


def _recorded(report: dict[str, object]) -> Report:
    counts: list[int] = report["counts"]  # type: ignore[assignment]
    lengths: list[float] = report["lengths"]  # type: ignore[assignment]
    at_work: list[tuple[str, float, float | None]] = report["at_work"]  # type: ignore[assignment]
    return Report(
        at=float(report["at"]),  # type: ignore[arg-type]
        counts=ItemCounts(*counts),
        discovered=bool(report["discovered"]),
        waiting=bool(report["waiting"]),
        details=Details(
            *(lengths[0], lengths[1], lengths[2]),
            tuple(HeldItem(*item) for item in at_work),
            report["until"],  # type: ignore[arg-type]
        ),
    )


def _row(name: str, ours: Score, mean: Score | None) -> str:
    beside = f"{close(mean.told):6.2f} {close(mean.seen):6.2f}" if mean and mean.seen else " " * 13
    return (
        f"{name:44} {close(ours.told):6.2f} {close(ours.seen):6.2f} {off_twice(ours.seen):6.2f}"
        f" {ours.jumps / max(1, ours.runs):6.1f} {ours.shown:6.2f}   {beside}"
    )


async def main() -> None:
    """Print the portions that are close, for stages and runs, beside the plain mean."""
    print(f"{'':44} within a quarter  2x off  later  shown   plain mean")
    print(f"{'':44}   told   seen   seen  times                told   seen")
    for title, shapes in (("tuned on", TUNED), ("held out", HELD_OUT), ("unseen", UNSEEN)):
        _print_shapes(title, shapes)
    of_stages, of_runs = measure_whole_runs()
    print("\nruns over five stages, after two earlier ones")
    print(_row("stages", of_stages, None))
    print(_row("whole runs", of_runs, None))
    if RECORDED.exists():
        print(
            f"\nrecorded, on a machine that did other things meanwhile; {SHORTEST:.0f} s and longer"
        )
        all_ours, all_means = Score(), Score()
        for name, told, mean in recorded_runs():
            ours, means = Score(), Score()
            ours.add(told)
            means.add(mean)
            if ours.seen and told.ended_at >= SHORTEST:
                print(_row(name, ours, means))
                all_ours, all_means = all_ours.plus(ours), all_means.plus(means)
        print(_row("together", all_ours, all_means))


def _print_shapes(title: str, shapes: Mapping[str, Make]) -> None:
    """Print a row for each shape, and their means: a shape with many reports counts for no more than another."""
    print(f"\nsimulated, {title}")
    scores = {name: measure(name) for name in shapes}
    for name, (ours, mean) in scores.items():
        print(_row(name, ours, mean))
    for kind, names in (
        ("mean of what could be foreseen", scores.keys() - UNFORESEEABLE),
        ("mean of what could not", scores.keys() & UNFORESEEABLE),
    ):
        told = fmean(close(scores[name][0].told) for name in names)
        seen = fmean(close(scores[name][0].seen) for name in names)
        mean_told = fmean(close(scores[name][1].told) for name in names)
        mean_seen = fmean(close(scores[name][1].seen) for name in names)
        print(f"{kind:44} {told:6.2f} {seen:6.2f} {'':23}{mean_told:6.2f} {mean_seen:6.2f}")
    worst = min(scores, key=lambda name: close(scores[name][0].told))
    print(f"worst: {worst}, {close(scores[worst][0].told):.2f}; aim {AIM:.2f} of what is told")
