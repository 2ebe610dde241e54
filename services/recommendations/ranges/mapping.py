"""Reports on ranges in protobuf. Pure functions."""

from potok.recommendations.v1 import range_report_pb2 as pb

from services.kernel.rpc.convert import timestamp
from services.recommendations.ranges.domain import (
    DayScores,
    ItemReport,
    LabelCount,
    Narrative,
    RangeReport,
    SkillRecommendation,
    SkillReport,
    previous,
)
from services.status.mapping import date_range_to_pb


def range_report_to_pb(report: RangeReport) -> pb.RangeReport:
    roll_up, written = report.roll_up, report.written
    scores = roll_up.scores
    before = previous(report.range)
    return pb.RangeReport(
        owner=report.owner,
        range=date_range_to_pb(report.range),
        calls=scores.calls,
        score=scores.score,
        call_types=[_label_count(count) for count in roll_up.call_types],
        outcomes=[_label_count(count) for count in roll_up.outcomes],
        sentiments=[_label_count(count) for count in roll_up.sentiments],
        employees=[
            pb.EmployeeReport(
                employee=each.employee,
                calls=each.scores.calls,
                score=each.scores.score,
                unscored_calls=each.scores.unscored_calls,
                median_score=each.scores.median_score,
                score_delta=each.scores.score_delta,
                enough=each.scores.enough,
                previous_calls=each.scores.previous_calls,
            )
            for each in roll_up.employees
        ],
        skills=[_skill_to_pb(skill) for skill in roll_up.skills],
        minimum_calls=report.minimum_calls,
        write_time=timestamp(written.written_at) if written else None,
        focus=written.focus if written else (),
        unscored_calls=scores.unscored_calls,
        median_score=scores.median_score,
        previous_range=date_range_to_pb(before) if before else None,
        previous_calls=scores.previous_calls,
        score_delta=scores.score_delta,
        narrative=_narrative_to_pb(written.narrative) if written and written.narrative else None,
        days=[_day_to_pb(day) for day in report.days],
        items=[_item_to_pb(item) for item in report.items],
    )


def _narrative_to_pb(narrative: Narrative) -> pb.Narrative:
    return pb.Narrative(
        text=narrative.text,
        actions=narrative.actions,
        author=narrative.author,
        note=narrative.note,
    )


def _day_to_pb(day: DayScores) -> pb.DayReport:
    return pb.DayReport(
        day=day.day.isoformat(), employee=day.employee, calls=day.calls, score=day.score
    )


def _item_to_pb(item: ItemReport) -> pb.ItemReport:
    return pb.ItemReport(
        item=item.item,
        skill=item.skill,
        calls=item.calls,
        completed=item.completed,
        attempted=item.attempted,
        share=item.share,
        untold_calls=item.untold_calls,
        enough=item.enough,
    )


def _label_count(count: LabelCount) -> pb.LabelCount:
    return pb.LabelCount(label=count.label, calls=count.calls)


def _skill_to_pb(skill: SkillReport) -> pb.SkillReport:
    return pb.SkillReport(
        employee=skill.employee,
        skill=skill.skill,
        calls=skill.calls,
        applicable=skill.applicable,
        completed=skill.completed,
        share=skill.share,
        score=skill.score,
        failing_calls=skill.failing_calls,
        enough=skill.enough,
        previous_calls=skill.previous_calls,
        share_delta=skill.share_delta,
        score_delta=skill.score_delta,
        recommendations=[_recommendation_to_pb(each) for each in skill.recommendations],
    )


def _recommendation_to_pb(recommendation: SkillRecommendation) -> pb.Recommendation:
    return pb.Recommendation(
        text=recommendation.text,
        why=recommendation.why,
        priority=recommendation.priority,
        calls=recommendation.calls,
        quotes=[
            pb.Quote(call_id=q.call_id, text=q.text, start_seconds=q.seconds)
            for q in recommendation.quotes
        ],
    )
