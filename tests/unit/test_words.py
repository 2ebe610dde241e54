"""One meaning a name: what two services both call by it is one thing, or it has two names."""

import ast
from collections import defaultdict

from tests.tree import ROOT

SAME = {
    "Agreement": "what a call settled: analysis finds it, recommendations has a copy",
    "Bot": "a bot in a meeting: bot_status has its outside, the coordinator what the public sees",
    "BotNotFound": "there is no such bot",
    "BotRepository": "where a service keeps its part of bots",
    "Bots": "what a service does with its part of bots",
    "Call": "a call: call_sync owns it, recommendations has a copy",
    "CallFacts": "a call without its words: call_sync lists it, analysis reads it",
    "Direction": "which side placed a call",
    "Execution": "one stage of one run: the coordinator's row of it, and its service's",
    "ItemFailure": "a failed item and why: its service reports it, the coordinator reads it",
    "Limits": "the waits and bounds that a service is set to",
    "MeetingMedia": "what there is of a meeting: bot_status owns it, transcription reads it",
    "MeetingTask": "something to do after a meeting: recommendations finds it, the coordinator shows it",
    "MeetingTranscript": "what was said in a meeting, as a stage after transcription reads it",
    "MeetingTurn": "what somebody says in one go, in a MeetingTranscript",
    "Objection": "a reservation of a client: analysis finds it, recommendations has a copy",
    "Position": "where a page of a list ended",
    "PostgresBots": "implements BotRepository",
    "RecordingStore": "the store of services/recordings, as a use case needs it",
    "Speaker": "whose voice it is: transcription tells, analysis reads",
    "SpokenInterval": "when somebody spoke: bot_status is told, transcription reads",
    "Transcript": "what was said in a call: transcription owns it, recommendations has a copy",
    "Word": "a recognised word: transcription tells, analysis reads",
}
"""Classes that two services have of one thing: each has the part of it that it needs."""


def test_a_class_name_has_one_meaning() -> None:
    services = defaultdict(set)
    for path in (ROOT / "services").rglob("*.py"):
        service = path.relative_to(ROOT / "services").parts[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                services[node.name].add(service)
    shared = {name for name, owners in services.items() if len(owners) > 1}

    assert shared - SAME.keys() == set(), "give each a name of its own, or say here what they are"
    assert SAME.keys() - shared == set(), "of these one is left: take the line away"
