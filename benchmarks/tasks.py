"""How many of the tasks and decisions of meetings are found, and how many of those found are right."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from services.analysis.meetings.adapters.rules import MeetingRules
from services.analysis.meetings.domain import MeetingJudgement
from services.analysis.meetings.domain import MeetingTranscript as AnalysedMeeting
from services.analysis.meetings.domain import MeetingTurn as AnalysedTurn
from services.recommendations.meetings.adapters.rules import RulesTasks
from services.recommendations.meetings.domain import MeetingTask, MeetingTranscript, said_tasks
from tests.labelled_meetings import (
    Sample,
    Score,
    halves,
    public_meetings,
    samples,
    score,
    score_decisions,
)

TASKS, DECISIONS = RulesTasks(), MeetingRules()


async def main() -> None:
    """Print the figures; with --mistakes also what is wrong with seen meetings, with --folder what is found in others."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks tasks")
    parser.add_argument("--mistakes", action="store_true")
    parser.add_argument(
        "--folder",
        type=Path,
        help="meetings as JSON, {turns: [{speaker, text}], summaries: [{query, answer}]}: prints what is found",
    )
    options, _ = parser.parse_known_args(sys.argv[1:])
    if options.folder is not None:
        _print_folder(options.folder)
        return
    spoken_seen, spoken_unseen = halves("spoken")
    portions = {
        "seen": samples("seen"),
        "unseen": samples("unseen"),
        "spoken, seen": spoken_seen,
        "spoken, unseen": spoken_unseen,
        "lastword, unseen": samples("lastword"),
    }
    for portion, meetings in portions.items():
        faults = _print_portion(portion, meetings)
        if options.mistakes and not portion.endswith("unseen"):
            print("\n".join(faults))


def _print_portion(portion: str, meetings: Sequence[Sample]) -> list[str]:
    tasks, decisions = Score(), Score()
    for sample in meetings:
        score(sample, _tasks(sample.meeting), tasks)
        score_decisions(
            sample, [each.quote for each in _judged(sample.meeting).decisions], decisions
        )
    print(
        f"{portion}: {len(meetings)} meetings, {tasks.expected} tasks; precision "
        f"{tasks.precision:.0%}, recall {tasks.recall:.0%}, F1 {tasks.f1:.2f}; of {tasks.right} found "
        f"rightly {tasks.assignees} have the assignee, {tasks.dues} the due date, "
        f"{tasks.priorities} the priority"
    )
    if decisions.expected:
        print(
            f"  {decisions.expected} decisions; precision {decisions.precision:.0%}, recall "
            f"{decisions.recall:.0%}, F1 {decisions.f1:.2f}"
        )
    return tasks.faults + decisions.faults


def _print_folder(folder: Path) -> None:
    """Print each task and decision that is found in a folder, with the words it comes from, and how many there are."""
    meetings = tasks = decisions = 0
    for public in public_meetings(folder):
        found, judged = _tasks(public.meeting), _judged(public.meeting)
        meetings, tasks = meetings + 1, tasks + len(found)
        decisions += len(judged.decisions)
        print(f"\n{public.name}: {len(found)} tasks, {len(judged.decisions)} decisions")
        print(f"  corpus: {public.summary}\n  found: {judged.summary}")
        for each in judged.decisions:
            print(f"  decision: {each.quote!r}")
        for task in found:
            print(
                f"  task: {task.title!r} of {task.assignee or '-'} until {task.due or '-'}: {task.quote!r}"
            )
    print(f"\n{meetings} meetings, {tasks} tasks and {decisions} decisions found")


def _tasks(meeting: MeetingTranscript) -> Sequence[MeetingTask]:
    return said_tasks(TASKS.find_now(meeting), meeting)


def _judged(meeting: MeetingTranscript) -> MeetingJudgement:
    turns = (AnalysedTurn(speaker=turn.speaker, text=turn.text) for turn in meeting.turns)
    return DECISIONS.judge_now(
        AnalysedMeeting(
            bot_id=meeting.bot_id,  # type: ignore[arg-type]
            owner=meeting.owner,
            language=meeting.language,
            turns=tuple(turns),
        )
    )
