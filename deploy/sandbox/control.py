"""The sandbox's own face: what came in, how it behaves, and what an administrator of the account would copy."""

from dataclasses import asdict
from json import JSONDecodeError

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from deploy.sandbox.behaviour import Behaviour
from deploy.sandbox.query import BadQuery, number
from deploy.sandbox.state import Sandbox
from deploy.sandbox.tokens import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI


def control_routes(sandbox: Sandbox) -> list[Route]:
    control = _Control(sandbox)
    return [
        Route("/sandbox/behaviour", control.behaviour),
        Route("/sandbox/behaviour", control.behave, methods=["POST"]),
        Route("/sandbox/requests", control.requests),
        Route("/sandbox/bots", control.bots),
        Route("/sandbox/keys", control.keys, methods=["POST"]),
    ]


class _Control:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def behaviour(self, request: Request) -> Response:  # noqa: ARG002
        shown = TypeAdapter(Behaviour).dump_python(self._sandbox.behaviour, mode="json")
        return JSONResponse(shown)

    async def behave(self, request: Request) -> Response:
        """Turn the switches that the body names; the others stay."""
        try:
            changes = await request.json()
        except JSONDecodeError as error:
            return PlainTextResponse(f"the body is no JSON: {error}\n", 400)
        if not isinstance(changes, dict):
            return PlainTextResponse('write an object, as {"unpaid": true}\n', 400)
        try:
            self._sandbox.behave(changes)
        except ValidationError as error:
            faults = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}\n" for e in error.errors())
            return PlainTextResponse("".join(faults), 400)
        return await self.behaviour(request)

    async def requests(self, request: Request) -> Response:
        """Answer what came in after the request numbered `after`, below `path`."""
        try:
            after = number(request.query_params, "after", 0)
        except BadQuery:
            return PlainTextResponse("after: not a number\n", 400)
        below = request.query_params.get("path", "/")
        return JSONResponse([asdict(each) for each in self._sandbox.traffic.since(after, below)])

    async def bots(self, request: Request) -> Response:  # noqa: ARG002
        """Answer the bots, and what Potok answered to the callbacks about each."""
        return JSONResponse([bot.told() for bot in self._sandbox.bot_service.bots.values()])

    async def keys(self, request: Request) -> Response:
        """Answer the page "Keys and scopes" of an integration, with a fresh code (1.2, 1.5)."""
        tokens = self._sandbox.tokens
        return JSONResponse(
            {
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "redirect_uri": REDIRECT_URI,
                "code": tokens.new_code(),
                "long_lived_token": tokens.long_lived(request.url.netloc),
            }
        )
