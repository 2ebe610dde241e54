"""AmoCRM's token endpoint (facts on AmoCRM, 1)."""

from json import JSONDecodeError
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy.sandbox.answers import CutResponse, ProblemResponse, problem
from deploy.sandbox.state import Sandbox
from deploy.sandbox.tokens import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, GrantRefused, Pair


def oauth_routes(sandbox: Sandbox) -> list[Route]:
    oauth = _OAuth(sandbox)
    return [
        Route("/oauth2/access_token", oauth.access_token, methods=["POST"]),
        Route("/oauth2/account/current/subdomain", oauth.subdomain),
    ]


class _OAuth:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def access_token(self, request: Request) -> Response:
        """Exchange a code or a refresh token for a pair (1.2, 1.3); 401 with a hint where that is spent."""
        moved_to = self._sandbox.behaviour.moved_to
        if moved_to and request.url.netloc != moved_to:
            return problem(404)
        try:
            given = await request.json()
        except JSONDecodeError:
            return _refused(400, "The body is no JSON")
        expected = {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "redirect_uri": REDIRECT_URI,
        }
        if any(given.get(name) != value for name, value in expected.items()):
            return _refused(401, "Client authentication failed")
        try:
            pair = self._pair(given, request.url.netloc)
        except GrantRefused as refused:
            return _refused(401, str(refused))
        if self._sandbox.take_lost_answer():
            return CutResponse(b"{", 1000, "application/json")
        return JSONResponse(
            {
                "token_type": "Bearer",
                "expires_in": pair.expires_in,
                "access_token": pair.access_token,
                "refresh_token": pair.refresh_token,
            }
        )

    def _pair(self, given: dict[str, Any], host: str) -> Pair:
        behaviour, tokens = self._sandbox.behaviour, self._sandbox.tokens
        seconds = behaviour.access_token_seconds
        match given.get("grant_type"):
            case "authorization_code":
                return tokens.exchange(str(given.get("code")), host, seconds)
            case "refresh_token":
                token = str(given.get("refresh_token"))
                return tokens.refresh(token, host, seconds, punish=behaviour.punish_reuse)
            case _:
                raise GrantRefused("The authorization grant type is not supported")

    async def subdomain(self, request: Request) -> Response:
        """Answer where the account is by now (1.4)."""
        try:
            known = self._sandbox.tokens.is_current(request.headers.get("x-refresh-token", ""))
        except GrantRefused:
            known = False
        if not known:
            return problem(401)
        return JSONResponse({"domain": self._sandbox.behaviour.moved_to or request.url.netloc})


def _refused(status: int, hint: str) -> Response:
    """Return the body of 1.3, which says the same for everything but its hint."""
    return ProblemResponse(
        {
            "hint": hint,
            "title": "Некорректный запрос",
            "type": "https://developers.amocrm.ru/v3/errors/OAuthProblemJson",
            "status": status,
            "detail": "В запросе отсутствует ряд параметров или параметры невалидны",
        },
        status,
    )
