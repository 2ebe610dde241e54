"""The cookie that keeps a browser's token out of the reach of its scripts, and tokens of the local issuer.

No session is stored: the token is the session.
"""

from datetime import timedelta

import grpc
from potok.coordinator.v1 import session_service_pb2 as pb
from potok.coordinator.v1 import session_service_pb2_grpc as pb_grpc
from potok.coordinator.v1 import token_service_pb2 as token_pb
from potok.coordinator.v1 import token_service_pb2_grpc as token_grpc

from services.coordinator.session.domain import COOKIE, GUARDED_COOKIE, LONGEST_COOKIE
from services.coordinator.session.mapping import ROLE_FROM_PB, session_to_pb
from services.coordinator.session.usecases import Tokens
from services.kernel.clock import utc_now
from services.kernel.errors import InvalidInput
from services.kernel.rpc.headers import NO_STORE
from services.kernel.rpc.server import Context
from services.status.rpc.access import current_caller

SERVICES = ("potok.coordinator.v1.SessionService", "potok.coordinator.v1.TokenService")


def add_servicers(server: grpc.aio.Server, tokens: Tokens) -> None:
    """Have a server serve both."""
    pb_grpc.add_SessionServiceServicer_to_server(SessionServicer(), server)
    token_grpc.add_TokenServiceServicer_to_server(TokenServicer(tokens), server)


class SessionServicer(pb_grpc.SessionServiceServicer):
    """Serves potok.coordinator.v1.SessionService."""

    async def CreateSession(
        self, request: pb.CreateSessionRequest, context: Context
    ) -> pb.CreateSessionResponse:
        caller, metadata = current_caller(), _metadata(context)
        token = metadata.get("authorization", "").partition(" ")[2].strip()
        if len(token) > LONGEST_COOKIE:
            raise InvalidInput(
                f"authorization: browsers keep no cookie of {len(token)} characters, "
                "get a token that names fewer clients"
            )
        seconds = max(0, int((caller.expires_at - utc_now()).total_seconds()))
        await _send_cookie(context, token, seconds)
        return pb.CreateSessionResponse(session=session_to_pb(caller))

    async def GetSession(
        self, request: pb.GetSessionRequest, context: Context
    ) -> pb.GetSessionResponse:
        await context.send_initial_metadata(NO_STORE)
        return pb.GetSessionResponse(session=session_to_pb(current_caller()))

    async def DeleteSession(
        self, request: pb.DeleteSessionRequest, context: Context
    ) -> pb.DeleteSessionResponse:
        await _send_cookie(context, "", 0)
        return pb.DeleteSessionResponse()


class TokenServicer(token_grpc.TokenServiceServicer):
    """Serves potok.coordinator.v1.TokenService."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def IssueToken(
        self, request: token_pb.IssueTokenRequest, context: Context
    ) -> token_pb.IssueTokenResponse:
        issued = await self._tokens.issue_token(
            current_caller().user,
            request.user_id,
            ROLE_FROM_PB[request.role],
            request.client_ids,
            timedelta(seconds=request.lifetime_seconds),
        )
        await context.send_initial_metadata(NO_STORE)
        return token_pb.IssueTokenResponse(token=issued.token, session=session_to_pb(issued.caller))


async def _send_cookie(context: Context, token: str, seconds: int) -> None:
    """Set the cookie for so many seconds; one that was set over TLS is never sent without TLS."""
    guarded = _metadata(context).get("x-forwarded-proto") == "https"
    attributes = [
        f"{GUARDED_COOKIE if guarded else COOKIE}={token}",
        "Path=/",
        "HttpOnly",
        "SameSite=Strict",
        f"Max-Age={seconds}",
    ]
    if guarded:
        attributes.append("Secure")
    await context.send_initial_metadata((("set-cookie", "; ".join(attributes)), *NO_STORE))


def _metadata(context: Context) -> dict[str, str]:
    return {key: str(value) for key, value in context.invocation_metadata() or ()}
