"""The cookie that keeps a browser's token out of the reach of its scripts. Nothing is stored: the token is the session."""

from potok.coordinator.v1 import session_service_pb2 as pb
from potok.coordinator.v1 import session_service_pb2_grpc as pb_grpc

from services.kernel.clock import utc_now
from services.kernel.errors import InvalidInput
from services.kernel.rpc.convert import timestamp
from services.kernel.rpc.headers import NO_STORE
from services.kernel.rpc.server import Context
from services.status.identity import Caller
from services.status.rpc.access import current_caller

SERVICE = "potok.coordinator.v1.SessionService"
COOKIE = "potok_session"
GUARDED_COOKIE = f"__Host-{COOKIE}"
"""Its name over TLS: browsers let no other host and no page without TLS set one of that name (RFC 6265bis)."""
LONGEST_COOKIE = 4_096 - len(GUARDED_COOKIE)
"""Bytes that the name leaves for the value: RFC 6265bis lets browsers refuse more, and they do so without a word."""


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
        return pb.CreateSessionResponse(session=_session(caller))

    async def GetSession(
        self, request: pb.GetSessionRequest, context: Context
    ) -> pb.GetSessionResponse:
        await context.send_initial_metadata(NO_STORE)
        return pb.GetSessionResponse(session=_session(current_caller()))

    async def DeleteSession(
        self, request: pb.DeleteSessionRequest, context: Context
    ) -> pb.DeleteSessionResponse:
        await _send_cookie(context, "", 0)
        return pb.DeleteSessionResponse()


def _session(caller: Caller) -> pb.Session:
    return pb.Session(
        user_id=caller.user,
        client_ids=sorted(caller.clients),
        roles=sorted(role.value.lower() for role in caller.roles),
        expire_time=timestamp(caller.expires_at),
    )


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
