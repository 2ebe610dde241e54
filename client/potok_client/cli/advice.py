"""`potok advice`: what employees should do better, what became of it, and the word of a person on it."""

from collections.abc import Iterable
from typing import Annotated

import grpc
import typer
from potok.recommendations.v1 import employee_recommendation_pb2 as recommendation_pb
from potok.recommendations.v1 import recommendations_service_pb2 as pb
from potok.recommendations.v1 import recommendations_service_pb2_grpc as pb_grpc
from potok.recommendations.v1.employee_recommendation_pb2 import EmployeeRecommendation
from rich.console import RenderableType

from potok_client.cli.connection import DEADLINE, gateway
from potok_client.cli.exits import CommandFailed, ExitCode
from potok_client.cli.options import ClientId, Json
from potok_client.cli.terminal import as_dict, cell, perform, print_json, say, show, table
from potok_client.cli.words import short

app = typer.Typer(no_args_is_help=True, help="See what employees should do better, and settle it.")

AdviceId = Annotated[str, typer.Argument(metavar="ID", help="The advice's id, or its beginning.")]

_PAGE = 200
_STYLES = {"open": "yellow", "done": "green"}


@app.command("list")
def list_advice(
    client: ClientId,
    *,
    employee: Annotated[str | None, typer.Option(help="Only of this employee.")] = None,
    skill: Annotated[str, typer.Option(help="Only of this skill.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Also what is settled.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: Json = False,
) -> None:
    """List what each employee should do better, and in how many later calls they did.

    Example: potok advice list clinic --employee Anna
    """
    request = pb.ListRecommendationsRequest(
        owner=f"client:{client}",
        states=[] if every else [recommendation_pb.RECOMMENDATION_STATE_OPEN],
        employee=employee,
        skill=skill,
    )
    perform(_list(request, limit, as_json=as_json))


@app.command("close")
def close_advice(
    client: ClientId,
    advice: AdviceId,
    *,
    done: Annotated[bool, typer.Option("--done", help="It is followed.")] = False,
    dismiss: Annotated[
        bool, typer.Option("--dismiss", help="It is not to be followed; its skill stays quiet.")
    ] = False,
    comment: Annotated[str, typer.Option(help="Why.")] = "",
    as_json: Json = False,
) -> None:
    """Settle advice by your word; later calls do not change that.

    Example: potok advice close clinic 3f2a --dismiss --comment "not our way"
    """
    if done == dismiss:
        raise typer.BadParameter("say either --done or --dismiss")
    state = (
        recommendation_pb.RECOMMENDATION_STATE_DONE
        if done
        else recommendation_pb.RECOMMENDATION_STATE_DISMISSED
    )
    request = pb.CloseRecommendationRequest(owner=f"client:{client}", state=state, comment=comment)
    perform(_close(request, advice, as_json=as_json))


@app.command("reopen")
def reopen_advice(client: ClientId, advice: AdviceId, as_json: Json = False) -> None:
    """Take your word back: the calls decide again.

    Example: potok advice reopen clinic 3f2a
    """
    perform(_reopen(f"client:{client}", advice, as_json=as_json))


async def list_recommendations(
    channel: grpc.aio.Channel, request: pb.ListRecommendationsRequest, limit: int
) -> list[EmployeeRecommendation]:
    """Return the first recommendations, at most `limit`."""
    found: list[EmployeeRecommendation] = []
    stub = pb_grpc.RecommendationsServiceStub(channel)
    while True:
        request.page_size = min(_PAGE, limit - len(found))
        page = await stub.ListRecommendations(request, timeout=DEADLINE)
        found.extend(page.recommendations)
        request.page_token = page.next_page_token
        if not page.next_page_token or len(found) >= limit:
            return found


def advice_table(found: Iterable[EmployeeRecommendation]) -> RenderableType:
    """Return what employees should do better, a line each."""
    rows = table(
        "id", "employee", "skill", "state", "since", "followed", "advice", prose=["advice"]
    )
    for each in found:
        state = _state(each)
        rows.add_row(
            short(each.id),
            cell(each.employee or "unknown"),
            cell(each.skill),
            cell(state, _STYLES.get(state, "dim")),
            each.opened_day,
            _followed(each),
            cell(each.text),
        )
    return rows


async def _list(request: pb.ListRecommendationsRequest, limit: int, *, as_json: bool) -> None:
    async with gateway() as channel:
        found = await list_recommendations(channel, request, limit)
    if as_json:
        print_json([as_dict(each) for each in found])
        return
    show(advice_table(found) if found else "nothing to do better is known")
    if request.page_token:
        more = f"only the first {limit} are shown: --limit {10 * limit} shows more"
        say(more, style="yellow", stderr=True)


async def _close(request: pb.CloseRecommendationRequest, given: str, *, as_json: bool) -> None:
    async with gateway() as channel:
        request.recommendation_id = await _full_id(channel, request.owner, given)
        stub = pb_grpc.RecommendationsServiceStub(channel)
        answer = await stub.CloseRecommendation(request, timeout=DEADLINE)
    _print(answer.recommendation, as_json=as_json)


async def _reopen(owner: str, given: str, *, as_json: bool) -> None:
    async with gateway() as channel:
        request = pb.ReopenRecommendationRequest(
            owner=owner, recommendation_id=await _full_id(channel, owner, given)
        )
        stub = pb_grpc.RecommendationsServiceStub(channel)
        answer = await stub.ReopenRecommendation(request, timeout=DEADLINE)
    _print(answer.recommendation, as_json=as_json)


async def _full_id(channel: grpc.aio.Channel, owner: str, given: str) -> str:
    """Return the id that `given` is or begins, among the first thousand."""
    known = await list_recommendations(channel, pb.ListRecommendationsRequest(owner=owner), 1000)
    ids = [each.id for each in known if given and each.id.startswith(given.lower())]
    if len(ids) == 1:
        return ids[0]
    many = f"the ids of {len(ids)} begin with {given!r}: write more of it"
    raise CommandFailed(
        many if ids else f"no id begins with {given!r}",
        f"potok advice list {owner.removeprefix('client:')} --all   shows them",
        code=ExitCode.USAGE,
    )


def _print(recommendation: EmployeeRecommendation, *, as_json: bool) -> None:
    if as_json:
        print_json(as_dict(recommendation))
    else:
        say(f"advice {short(recommendation.id)} is {_state(recommendation)}")


def _state(recommendation: EmployeeRecommendation) -> str:
    name = recommendation_pb.RecommendationState.Name(recommendation.state)
    return name.removeprefix("RECOMMENDATION_STATE_").lower()


def _followed(recommendation: EmployeeRecommendation) -> str:
    counts = recommendation.follow_through
    return f"{counts.followed} of {counts.followed + counts.partly + counts.not_followed}"
