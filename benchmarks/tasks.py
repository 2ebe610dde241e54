"""How many of the tasks of meetings are found, and how many of those found are right: seen and unseen meetings."""

import argparse
import sys

from services.recommendations.meetings.adapters.rules import RulesTasks
from services.recommendations.meetings.domain import said_tasks
from tests.labelled_meetings import Score, samples, score

PORTIONS = ("seen", "unseen")


async def main() -> None:
    """Print the figures; with --mistakes also what is wrong with seen meetings."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks tasks")
    parser.add_argument("--mistakes", action="store_true")
    options, _ = parser.parse_known_args(sys.argv[1:])
    rules = RulesTasks()
    for portion in PORTIONS:
        result = Score()
        meetings = samples(portion)
        for sample in meetings:
            found = said_tasks(rules.find_now(sample.meeting), sample.meeting)
            score(sample, found, result)
        print(
            f"{portion}: {len(meetings)} meetings, {result.expected} tasks; precision "
            f"{result.precision:.0%}, recall {result.recall:.0%}; of {result.right} found rightly "
            f"{result.assignees} have the assignee, {result.dues} the due date, "
            f"{result.priorities} the priority"
        )
        if options.mistakes and portion == "seen":
            print("\n".join(result.faults))
