from dataclasses import replace

from potok.call_sync.v1 import call_pb2
from potok.transcription.v1 import transcript_pb2

from services.recommendations.calls.domain import FindingStatus
from services.recommendations.calls.mapping import (
    analysed_call_from_pb,
    call_from_pb,
    transcript_from_pb,
)
from tests.builders.recommendations import (
    METRICS,
    a_finding,
    a_reported_call,
    an_advice,
    an_analysed_call,
)
from tests.fakes.recommendations import analysis_to_pb, call_to_pb, transcript_to_pb


def test_an_analysis_comes_back_as_it_was_sent() -> None:
    full = an_analysed_call(
        "c1",
        score=0,
        findings=[a_finding(status.name, status=status, weight=0.5) for status in FindingStatus],
        advice=[an_advice(), an_advice("contact", priority=2, quote="")],
    )
    bare = replace(
        an_analysed_call("c2", employee="", score=None, findings=[], advice=[]),
        metrics=replace(METRICS, operator_talk_share=None, silence_share=0.0),
        objections=(),
        agreements=(),
        told_share=None,
        speakers_guessed=False,
    )

    for call in (full, bare):
        assert analysed_call_from_pb(analysis_to_pb(call)) == call


def test_a_call_keeps_its_facts_and_says_its_direction_in_a_word() -> None:
    message = call_to_pb(an_analysed_call("c1"))

    assert call_from_pb(message) == a_reported_call("c1").call
    message.ClearField("duration_seconds")
    message.direction = call_pb2.DIRECTION_UNKNOWN
    assert call_from_pb(message) == replace(
        a_reported_call("c1").call, duration_seconds=None, direction="unknown"
    )


def test_a_transcript_becomes_a_line_for_each_turn() -> None:
    message = transcript_to_pb(an_analysed_call("c1"))
    message.segments.add(speaker=transcript_pb2.SPEAKER_UNKNOWN, text="Да")

    transcript = transcript_from_pb(message)

    assert transcript.language == "ru"
    assert transcript.text == "operator: Добрый день\nclient: Здравствуйте\nunknown: Да"
