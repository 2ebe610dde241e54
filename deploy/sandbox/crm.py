"""AmoCRM's API v4 as far as calls need it (facts on AmoCRM, 2 and 3)."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar, assert_never
from uuid import uuid4

from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from deploy.sandbox import query
from deploy.sandbox.answers import HalResponse, page, problem, refused
from deploy.sandbox.behaviour import NextPage
from deploy.sandbox.notes import event_body, event_type, note_body
from deploy.sandbox.state import Sandbox
from deploy.sandbox.world import Call, Entity, Note, User

EVENTS_A_PAGE = 100
NOTES_A_PAGE = 250
DEFAULT_PAGE = 50
LONGEST_URL = 8192
"""The bytes of the longest request line that nginx takes."""

Shown = TypeVar("Shown")
Handler = Callable[[Request], Awaitable[Response]]


def api_routes(sandbox: Sandbox) -> list[Route]:
    """Return the methods that read; all of them count as requests of the integration."""
    api = _Api(sandbox)
    return [
        Route("/api/v4/account", api.guarded("account", api.account)),
        Route("/api/v4/users", api.guarded("users", api.users)),
        Route("/api/v4/events", api.guarded("events", api.events)),
        *(
            Route(f"/api/v4/{entity}/notes", api.guarded(f"{entity}/notes", api.notes))
            for entity in Entity
        ),
    ]


class _Api:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def guarded(self, method: str, handler: Handler) -> Handler:
        """Return the handler behind everything that may turn a request away."""

        async def serve(request: Request) -> Response:
            try:
                answer = self._turned_away(request, method) or await handler(request)
            except query.BadQuery as error:
                fault = {"code": "NotSupportedChoice", "path": str(error), "detail": "not a number"}
                faults = [{"request_id": "0", "errors": [fault]}]
                answer = problem(400, **{"validation-errors": faults})
            answer.headers["x-request-id"] = uuid4().hex
            return answer

        return serve

    def _turned_away(self, request: Request, method: str) -> Response | None:
        sandbox, behaviour = self._sandbox, self._sandbox.behaviour
        if behaviour.moved_to and request.url.netloc != behaviour.moved_to:
            return RedirectResponse(request.url.replace(netloc=behaviour.moved_to), 301)
        if behaviour.blocked or _reached(sandbox.refusals, behaviour.blocked_after):
            return page(403)
        if not sandbox.traffic.admits(behaviour.requests_per_second):
            return self._too_fast()
        if status := sandbox.take_status():
            return self._too_fast() if status == 429 else refused(status)  # noqa: PLR2004
        if behaviour.unpaid:
            return refused(402)
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or not sandbox.tokens.admits(
            token, requests=behaviour.access_token_requests
        ):
            return problem(401, detail="Неверный логин или пароль")
        if method in behaviour.forbidden:
            return problem(403, detail="Недостаточно прав")
        asked = max(query.number(request.query_params, "limit", 0), len(_ids(request)))
        if behaviour.timeout_above is not None and asked > behaviour.timeout_above:
            return refused(504)
        return page(414) if len(str(request.url)) > LONGEST_URL else None

    def _too_fast(self) -> Response:
        self._sandbox.refusals += 1
        seconds = self._sandbox.behaviour.retry_after
        return refused(429, None if seconds is None else {"retry-after": f"{seconds}"})

    async def account(self, request: Request) -> Response:
        """Answer the account (2.6); its time zone only where `with=datetime_settings` asks for it."""
        world = self._sandbox.world
        body: dict[str, Any] = {
            "id": world.account_id,
            "name": world.name,
            "subdomain": world.subdomain,
            "country": "RU",
            "currency": "RUB",
            "customers_mode": "disabled",
            "_links": {"self": {"href": str(request.url)}},
        }
        if "datetime_settings" in query.values(request.query_params, "with"):
            body["_embedded"] = {"datetime_settings": {"timezone": world.time_zone}}
        return HalResponse(body)

    async def users(self, request: Request) -> Response:
        users = self._sandbox.world.users
        return self._page(request, "users", users, _user, most=NOTES_A_PAGE)

    async def events(self, request: Request) -> Response:
        """Answer events of calls; at most 100 a page, the newest first (2.4)."""
        types = query.values(request.query_params, "filter[type]")
        created = query.span(
            request.query_params,
            "filter[created_at]",
            comma_only=self._sandbox.behaviour.comma_range_only,
        )
        found = [
            (call, note)
            for call, note in self._sandbox.events()
            if (not types or event_type(call) in types) and created.holds(note.created_at)
        ]
        return self._page(request, "events", found, self._event, most=EVENTS_A_PAGE)

    async def notes(self, request: Request) -> Response:
        """Answer notes of one entity (2.2). The API has no filter on the time of creation, so one is ignored."""
        given = request.query_params
        entity = Entity(request.url.path.split("/")[3])
        ids, types = set(_ids(request)), query.values(given, "filter[note_type]")
        entities = set(query.numbers(given, "filter[entity_id]"))
        updated = query.span(given, "filter[updated_at]")
        found = [
            (call, note)
            for call, note in self._sandbox.notes()
            if note.entity == entity
            and (not ids or note.note_id in ids)
            and (not entities or note.entity_id in entities)
            and (not types or ("call_in" if call.incoming else "call_out") in types)
            and updated.holds(note.updated_at)
        ]
        found.sort(key=lambda each: each[1].note_id, reverse=given.get("order[id]") == "desc")
        if order := given.get("order[updated_at]"):
            found.sort(key=lambda each: each[1].updated_at, reverse=order == "desc")
        return self._page(request, "notes", found, self._note, most=NOTES_A_PAGE)

    def _event(self, host: str, told: tuple[Call, Note]) -> dict[str, Any]:
        return event_body(self._sandbox, *told, host)

    def _note(self, host: str, told: tuple[Call, Note]) -> dict[str, Any]:
        return note_body(self._sandbox, *told, host)

    def _page(
        self,
        request: Request,
        name: str,
        found: Sequence[Shown],
        body: Callable[[str, Shown], dict[str, Any]],
        *,
        most: int,
    ) -> Response:
        """Answer one page in the envelope of the API; 204 without a body when nothing is on it."""
        number = max(1, query.number(request.query_params, "page", 1))
        limit = min(max(1, query.number(request.query_params, "limit", DEFAULT_PAGE)), most)
        start = max(0, (number - 1) * (limit - self._sandbox.behaviour.shift))
        shown = found[start : start + limit]
        if not shown or (number > 1 and self._sandbox.take_empty_page()):
            return Response(status_code=204)
        links = {"self": {"href": str(request.url)}}
        behaviour = self._sandbox.behaviour
        if start + limit < len(found) or behaviour.next_page is NextPage.ITSELF:
            links["next"] = {"href": _next(request.url, number, behaviour.next_page)}
        bodies: Any = [body(request.url.netloc, each) for each in shown]
        if behaviour.lists_as_objects:
            bodies = {f"{place}": each for place, each in enumerate(bodies)}
        return HalResponse({"_page": number, "_links": links, "_embedded": {name: bodies}})


def _next(url: URL, number: int, how: NextPage) -> str:
    following = url.include_query_params(page=number + 1)
    match how:
        case NextPage.WHOLE:
            return str(following)
        case NextPage.BARE:
            return f"?page={number + 1}"
        case NextPage.ELSEWHERE:
            return str(following.replace(scheme="https", netloc="behind.the.proxy"))
        case NextPage.ITSELF:
            return str(url)
        case _:
            assert_never(how)


def _user(_: str, user: User) -> dict[str, Any]:
    email = f"user{user.user_id}@clinic.example"
    return {"id": user.user_id, "name": user.name, "email": email}


def _ids(request: Request) -> list[int]:
    return query.numbers(request.query_params, "filter[id]")


def _reached(count: int, limit: int | None) -> bool:
    return limit is not None and count >= limit
