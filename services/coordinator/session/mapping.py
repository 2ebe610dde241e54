"""Sessions and roles in protobuf. Pure functions."""

from potok.coordinator.v1 import session_service_pb2 as pb
from potok.status.v1 import access_pb2

from services.kernel.rpc.convert import timestamp
from services.status.identity import Caller, Role

ROLE_FROM_PB = {
    access_pb2.ROLE_OPERATOR: Role.OPERATOR,
    access_pb2.ROLE_ADMIN: Role.ADMIN,
    access_pb2.ROLE_SERVICE: Role.SERVICE,
}
"""What a token may say; the other roles are nobody's to give."""


def session_to_pb(caller: Caller) -> pb.Session:
    return pb.Session(
        user_id=caller.user,
        client_ids=sorted(caller.clients),
        roles=sorted(role.value.lower() for role in caller.roles),
        expire_time=timestamp(caller.expires_at),
    )
