from dataclasses import replace
from datetime import UTC, datetime

from potok.recommendations.v1 import range_report_pb2 as pb
from potok.status.v1 import progress_pb2

from services.kernel.rpc.convert import timestamp
from services.recommendations.calls.domain import CallId
from services.recommendations.ranges.domain import (
    CallQuote,
    DayScores,
    EmployeeReport,
    ItemReport,
    LabelCount,
    Narrative,
    RangeReport,
    RollUp,
    ScoreReport,
    SkillRecommendation,
    SkillReport,
    WrittenReport,
    conclude,
    focus,
)
from services.recommendations.ranges.mapping import range_report_to_pb
from services.status.domain import DateRange, Owner
from tests.builders.recommendations import MONDAY

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)
DAY = DateRange(start=MONDAY, end=MONDAY)
CLOSING = SkillReport(
    employee=None,
    skill="closing",
    calls=5,
    applicable=8,
    completed=2,
    score=12.5,
    failing_calls=4,
    enough=True,
    previous_calls=6,
    share_delta=-0.5,
    score_delta=2.5,
    recommendations=(
        SkillRecommendation(
            text="do",
            why="because",
            priority=2,
            calls=3,
            quotes=(CallQuote(call_id=CallId("c1"), text="said", seconds=4.5),),
        ),
    ),
)
SCORES = ScoreReport(
    calls=5,
    unscored_calls=1,
    score=0.0,
    median_score=10.0,
    enough=True,
    previous_calls=7,
    score_delta=-3.5,
)
GREETS = ItemReport(
    item="greets",
    skill="contact",
    calls=4,
    completed=1,
    attempted=2,
    untold_calls=3,
    enough=True,
)
WORDS = Narrative(text="So so.", actions=("do",), author="rules", note="why")
ROLL_UP = RollUp(
    scores=SCORES,
    call_types=(LabelCount(label="booking", calls=5),),
    outcomes=(LabelCount(label="refused", calls=4), LabelCount(label="booked", calls=1)),
    sentiments=(LabelCount(label="neutral", calls=5),),
    employees=(EmployeeReport(employee="", scores=replace(SCORES, score=None)),),
    skills=(CLOSING, replace(CLOSING, employee="", score=None, recommendations=())),
)
NOTHING = RollUp(
    scores=replace(SCORES, calls=0, unscored_calls=0, score=None, enough=False),
    call_types=(),
    outcomes=(),
    sentiments=(),
    employees=(),
    skills=(),
)


def test_a_range_report_keeps_everything() -> None:
    report = RangeReport(
        owner=Owner("client:clinic"),
        range=DAY,
        minimum_calls=5,
        roll_up=ROLL_UP,
        days=(
            DayScores(day=MONDAY, employee=None, calls=5, score=0.0),
            DayScores(day=MONDAY, employee="", calls=5, score=None),
        ),
        items=(GREETS, replace(GREETS, item="offers_time", calls=0, completed=0)),
        written=WrittenReport(
            calls=5, score=0, focus=("closing",), narrative=WORDS, written_at=NOON
        ),
    )

    message = range_report_to_pb(report)

    skill = pb.SkillReport(
        skill="closing",
        calls=5,
        applicable=8,
        completed=2,
        share=0.25,
        score=12.5,
        failing_calls=4,
        enough=True,
        previous_calls=6,
        share_delta=-0.5,
        score_delta=2.5,
        recommendations=[
            pb.Recommendation(
                text="do",
                why="because",
                priority=2,
                calls=3,
                quotes=[pb.Quote(call_id="c1", text="said", start_seconds=4.5)],
            )
        ],
    )
    nameless = pb.SkillReport(employee="")
    nameless.MergeFrom(skill)
    nameless.ClearField("score")
    nameless.ClearField("recommendations")
    assert message == pb.RangeReport(
        owner="client:clinic",
        range=progress_pb2.DateRange(start_date="2026-03-02", end_date="2026-03-02"),
        calls=5,
        score=0,
        call_types=[pb.LabelCount(label="booking", calls=5)],
        outcomes=[
            pb.LabelCount(label="refused", calls=4),
            pb.LabelCount(label="booked", calls=1),
        ],
        sentiments=[pb.LabelCount(label="neutral", calls=5)],
        employees=[
            pb.EmployeeReport(
                employee="",
                calls=5,
                unscored_calls=1,
                median_score=10,
                enough=True,
                previous_calls=7,
                score_delta=-3.5,
            )
        ],
        skills=[skill, nameless],
        minimum_calls=5,
        write_time=timestamp(NOON),
        focus=["closing"],
        unscored_calls=1,
        median_score=10,
        previous_range=progress_pb2.DateRange(start_date="2026-03-01", end_date="2026-03-01"),
        previous_calls=7,
        score_delta=-3.5,
        narrative=pb.Narrative(text="So so.", actions=["do"], author="rules", note="why"),
        days=[
            pb.DayReport(day="2026-03-02", calls=5, score=0),
            pb.DayReport(day="2026-03-02", employee="", calls=5),
        ],
        items=[
            pb.ItemReport(
                item="greets",
                skill="contact",
                calls=4,
                completed=1,
                attempted=2,
                share=0.25,
                untold_calls=3,
                enough=True,
            ),
            pb.ItemReport(
                item="offers_time", skill="contact", attempted=2, untold_calls=3, enough=True
            ),
        ],
    )
    assert not message.skills[0].HasField("employee")
    assert message.HasField("score")


def test_a_report_that_no_run_wrote_has_no_time() -> None:
    report = RangeReport(
        owner=Owner("client:clinic"),
        range=DAY,
        minimum_calls=5,
        roll_up=NOTHING,
        days=(),
        items=(),
        written=None,
    )

    message = range_report_to_pb(report)

    assert not message.HasField("write_time")
    assert not message.HasField("score")


def test_the_focus_is_on_what_failed_in_most_calls_where_there_are_enough() -> None:
    def skill(
        name: str, failing: int, *, enough: bool = True, employee: str | None = None
    ) -> SkillReport:
        return replace(CLOSING, skill=name, failing_calls=failing, enough=enough, employee=employee)

    skills = [
        skill("fine", 0),
        skill("b", 2),
        skill("few", 9, enough=False),
        skill("anna's", 9, employee="Анна"),
        skill("d", 1),
        skill("a", 2),
        skill("c", 3),
    ]

    assert focus(skills) == ("c", "a", "b")


def test_a_range_without_calls_concludes_in_an_empty_report() -> None:
    assert conclude(NOTHING, WORDS, NOON) == WrittenReport(
        calls=0, score=None, focus=(), narrative=WORDS, written_at=NOON
    )
