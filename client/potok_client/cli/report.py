"""`potok report`: what came out over a range of days: the calls, the people, and what to do better."""

import asyncio
from collections.abc import Iterable, Iterator
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import grpc
import typer
from potok.analysis.v1 import analysis_service_pb2 as analysis_pb
from potok.analysis.v1 import analysis_service_pb2_grpc as analysis_grpc
from potok.analysis.v1.analysis_pb2 import Analysis
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.recommendations.v1 import recommendations_service_pb2 as recommendations_pb
from potok.recommendations.v1 import recommendations_service_pb2_grpc as recommendations_grpc
from potok.recommendations.v1.employee_recommendation_pb2 import (
    RECOMMENDATION_STATE_OPEN,
    EmployeeRecommendation,
)
from potok.recommendations.v1.range_report_pb2 import (
    EmployeeReport,
    ItemReport,
    LabelCount,
    RangeReport,
    Recommendation,
    SkillReport,
)
from potok.recommendations.v1.report_export_service_pb2 import (
    REPORT_FORMAT_CSV,
    REPORT_FORMAT_XLSX,
)
from potok.status.v1.progress_pb2 import DateRange
from rich.console import Group, RenderableType
from rich.text import Text

from potok_client.cli.advice import advice_table, list_recommendations
from potok_client.cli.connection import DEADLINE, Coordinator, coordinator
from potok_client.cli.export import export_report
from potok_client.cli.layout import Advised, Indented, Prose
from potok_client.cli.options import RANGE_PANEL, ClientId, End, Json, Start, date_range
from potok_client.cli.ranges import LeftOut, left_out_table, list_left_out
from potok_client.cli.terminal import as_dict, cell, perform, print_json, show, table
from potok_client.cli.words import duration

app = typer.Typer()

_PAGE = 100
_GOOD, _FAIR = 80, 50
_MOST_ADVICE = 10
"""The number of open recommendations that are shown."""
_WEAKEST = 2
"""The number of skills that are named of an employee."""
_WEAKEST_ITEMS = 5


@app.command("report", rich_help_panel=RANGE_PANEL)
def show_report(
    client: ClientId,
    start: Start,
    end: End = None,
    *,
    limit: Annotated[int, typer.Option(min=1, help="List at most so many calls.")] = 50,
    csv: Annotated[
        Path | None, typer.Option(help="Write the calls to this file instead, a line each.")
    ] = None,
    xlsx: Annotated[
        Path | None, typer.Option(help="Write all of it to this file instead, as a workbook.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what came out: the calls, the people, and what to do better with the words that were said.

    A score is over what could be told of the checklist; beside it stands how much that is.

    Example: potok report clinic 2026-11-01 2026-11-20
    """
    days = date_range(start, end)
    named = {REPORT_FORMAT_CSV: csv, REPORT_FORMAT_XLSX: xlsx}
    files = {format_: file for format_, file in named.items() if file}
    if files and as_json:
        raise typer.BadParameter("name a file or --json, not both")
    if files:
        perform(export_report(client, days, files))
    else:
        perform(report(client, days, limit, as_json=as_json))


async def report(
    client_id: str, days: DateRange, limit: int = 50, *, as_json: bool = False
) -> None:
    """Print the report of a client's range, with its first `limit` calls, and as many that did not come through."""
    owner = f"client:{client_id}"
    async with coordinator() as service:
        zone = await time_zone(service, client_id)
        open_ones = recommendations_pb.ListRecommendationsRequest(
            owner=owner, states=[RECOMMENDATION_STATE_OPEN]
        )
        found, advised, calls, left_out = await asyncio.gather(
            _report(service.channel, owner, days),
            list_recommendations(service.channel, open_ones, _MOST_ADVICE),
            _analyses(service.channel, owner, days, limit),
            list_left_out(service, client_id, days, limit + 1),
        )
    if as_json:
        print_json(
            {
                "report": as_dict(found),
                "open_recommendations": [as_dict(each) for each in advised],
                "calls": [as_dict(call) for call in calls],
                "failed_or_skipped": [
                    {"stage": stage.value, **as_dict(item)} for stage, item in left_out[:limit]
                ],
            }
        )
        return
    over = f"{client_id} {days.start_date} {days.end_date}"
    shown = _page(client_id, found, calls, _left_out(left_out, limit, over), zone)
    show(shown, *(_open(advised) if found.calls else ()))


async def time_zone(service: Coordinator, client_id: str) -> tzinfo:
    """Return the time zone that the days of a client are in."""
    request = pb.GetClientRequest(client_id=client_id)
    client = (await service.stub.GetClient(request, timeout=DEADLINE)).client
    return ZoneInfo(client.settings.time_zone)


async def _report(channel: grpc.aio.Channel, owner: str, days: DateRange) -> RangeReport:
    stub = recommendations_grpc.RecommendationsServiceStub(channel)
    request = recommendations_pb.GetRangeReportRequest(owner=owner, range=days)
    return (await stub.GetRangeReport(request, timeout=DEADLINE)).report


async def _analyses(
    channel: grpc.aio.Channel, owner: str, days: DateRange, limit: int
) -> list[Analysis]:
    calls: list[Analysis] = []
    stub = analysis_grpc.AnalysisServiceStub(channel)
    request = analysis_pb.ListAnalysesRequest(owner=owner, range=days)
    while True:
        request.page_size = min(_PAGE, limit - len(calls))
        page = await stub.ListAnalyses(request, timeout=DEADLINE)
        calls.extend(page.analyses)
        request.page_token = page.next_page_token
        if not page.next_page_token or len(calls) >= limit:
            return calls


def _page(
    client_id: str,
    found: RangeReport,
    calls: list[Analysis],
    left_out: list[RenderableType],
    zone: tzinfo,
) -> RenderableType:
    first, last = found.range.start_date, found.range.end_date
    head = Text.assemble(
        (client_id, "bold"),
        ("  " + (first if first == last else f"{first} to {last}"), "dim"),
        f"  {found.calls} {'call' if found.calls == 1 else 'calls'}",
    )
    if found.HasField("score"):
        head.append("  score ").append_text(_score(found.score))
        head.append_text(_compared(found))
    if not found.calls:
        over = f"{client_id} {first} {last}"
        nothing = Advised("nothing has been analysed there", f"potok run {over}", "does it")
        return Group(Prose(head), nothing, *left_out)
    parts: list[RenderableType] = [
        Prose(head),
        Text(),
        *_narrative(found),
        *_labels(found),
        *_section("calls", _calls(calls, zone)),
    ]
    if len(calls) < found.calls:
        more = Text(f"and {found.calls - len(calls)} more: --limit shows them", "dim")
        parts.append(Prose(more, Text("  ")))
    parts.extend(left_out)
    parts.extend(_section("people", _people(found.employees, found.skills)))
    if failing := [item for item in found.items if item.completed < item.calls]:
        parts.extend(_section("the weakest items", _items(failing[:_WEAKEST_ITEMS])))
    parts.extend(_section("what to do better", Group(*_advice(found))))
    return Group(*parts)


def _open(advised: list[EmployeeRecommendation]) -> Iterator[RenderableType]:
    if advised:
        yield from _section("open recommendations, of all days", advice_table(advised))


def _narrative(found: RangeReport) -> Iterator[RenderableType]:
    """Yield the text that the last run over the range wrote, and why the language model that was to write it did not."""
    if not found.HasField("narrative"):
        return
    yield Prose(cell(found.narrative.text))
    for action in found.narrative.actions:
        yield _hanging("  • ", cell(action))
    if found.narrative.note:
        written = f"written by {found.narrative.author}: {found.narrative.note}"
        yield _hanging("  ", cell(written, "yellow"))
    yield Text()


def _section(title: str, body: RenderableType) -> Iterator[RenderableType]:
    yield Text()
    yield Text(title, "bold")
    yield Indented(body)


def _hanging(mark: str | Text, text: Text) -> RenderableType:
    """Return a text behind a mark; further lines of the text stay to the right of the mark."""
    return Prose(text, Text(mark) if isinstance(mark, str) else mark)


def _left_out(items: list[LeftOut], limit: int, over: str) -> list[RenderableType]:
    if not items:
        return []
    section = list(_section("failed or skipped", left_out_table(items[:limit])))
    if len(items) > limit:
        stage = items[limit][0].value
        lists = f"potok items {over} --stage {stage} --state failed --state skipped"
        section.append(Advised("  and more", lists, "lists them", "dim"))
    return section


def _labels(found: RangeReport) -> Iterator[RenderableType]:
    for name, counts in (
        ("types", found.call_types),
        ("outcomes", found.outcomes),
        ("sentiment", found.sentiments),
    ):
        yield _hanging(Text(f"{name:<11}", "dim"), _counted(counts))


def _counted(counts: Iterable[LabelCount]) -> Text:
    return cell(", ".join(f"{count.label} {count.calls}" for count in counts))


def _calls(calls: Iterable[Analysis], zone: tzinfo) -> RenderableType:
    """Return the calls with their scores, and beside each how much of the checklist could be told."""
    rows = table("day", "time", "employee", "type", "outcome", "sentiment", "score", "told", "call")
    for call in calls:
        rows.add_row(
            call.day,
            f"{call.start_time.ToDatetime(UTC).astimezone(zone):%H:%M}",
            cell(call.employee or "-"),
            cell(call.call_type),
            cell(call.outcome),
            cell(call.sentiment),
            _score(call.scores.checklist) if call.scores.HasField("checklist") else Text("-"),
            f"{call.scores.told_share:.0%}" if call.scores.HasField("told_share") else "-",
            cell(call.call_id, "dim"),
        )
    return rows


def _people(employees: Iterable[EmployeeReport], skills: Iterable[SkillReport]) -> RenderableType:
    rows = table(
        "employee", "calls", "score", "change", "weakest", numbers=("calls",), prose=["weakest"]
    )
    skills = list(skills)
    for employee in employees:
        own = [
            skill
            for skill in skills
            if skill.HasField("employee") and skill.employee == employee.employee
        ]
        weakest = sorted((skill for skill in own if skill.share < 1), key=lambda s: s.share)
        rows.add_row(
            cell(employee.employee or "unknown"),
            str(employee.calls),
            _score(employee.score) if employee.HasField("score") else Text("-"),
            _change(employee),
            cell(", ".join(f"{s.skill} {s.share:.0%}" for s in weakest[:_WEAKEST])),
        )
    return rows


def _items(items: Iterable[ItemReport]) -> RenderableType:
    rows = table(
        *("item", "skill", "done", "in part", "of calls", "share", "untold"),
        numbers=("done", "in part", "of calls", "share", "untold"),
    )
    for item in items:
        rows.add_row(
            cell(item.item),
            cell(item.skill),
            str(item.completed),
            str(item.attempted),
            str(item.calls),
            f"{item.share:.0%}" if item.enough else Text("too few calls", "dim"),
            str(item.untold_calls),
        )
    return rows


def _change(employee: EmployeeReport) -> Text:
    if employee.HasField("score_delta"):
        return _delta(employee.score_delta)
    return Text("" if employee.enough else "too few calls", "dim")


def _advice(found: RangeReport) -> Iterator[RenderableType]:
    """Yield, for each skill of everybody that went wrong, what to do and the words it was seen in."""
    skills = [skill for skill in found.skills if not skill.HasField("employee")]
    told = [skill for skill in skills if skill.recommendations]
    for skill in told:
        line = cell(skill.skill, "bold cyan")
        line.append(f"  {skill.completed} of {skill.applicable} done", "dim")
        if skill.HasField("share_delta"):
            line.append_text(_delta(100 * skill.share_delta)).append(" points", "dim")
        if not skill.enough:
            line.append(f"  fewer than {found.minimum_calls} calls: a hint, no verdict", "yellow")
        yield Prose(line)
        for advice in skill.recommendations:
            yield from _recommendation(advice)
    if not told:
        yield Text("nothing to better was found", "green")


def _recommendation(advice: Recommendation) -> Iterator[RenderableType]:
    yield _hanging("  • ", cell(advice.text))
    if advice.why:
        yield _hanging("    ", cell(advice.why, "dim"))
    for quote in advice.quotes:
        said = Text.assemble(
            ("“", "green"), cell(quote.text, "green"), ("”  ", "green"), cell(quote.call_id, "dim")
        )
        if quote.HasField("start_seconds"):
            said.append(f" at {duration(quote.start_seconds)}", "dim")
        yield _hanging("    ", said)


def _compared(found: RangeReport) -> Text:
    """Return what stands beside the score: the median, how many calls have none, and how it has changed."""
    text = Text(f"  median {found.median_score:.0f}", "dim")
    if found.unscored_calls:
        text.append(f"  {found.unscored_calls} without")
    if found.HasField("score_delta"):
        text.append_text(_delta(found.score_delta)).append(" on the range before")
    elif found.previous_calls:
        text.append("  too few calls to compare with the range before")
    return text


def _delta(delta: float) -> Text:
    return Text(f"  {delta:+.0f}", "green" if delta >= 0 else "red")


def _score(score: float) -> Text:
    style = "green" if score >= _GOOD else "yellow" if score >= _FAIR else "red"
    return Text(f"{score:.0f}", style)
