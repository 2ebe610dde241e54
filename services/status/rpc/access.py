"""Who may call what: tokens become callers, and the protos say which of them may use an RPC."""

import functools
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
from google.protobuf import descriptor_pool
from google.protobuf.message import Message
from potok.status.v1 import access_pb2

from services.kernel.errors import Forbidden, Unauthenticated
from services.kernel.postgres import Reading, reading
from services.kernel.rpc.interceptors import Admitted
from services.kernel.settings import ServiceSettings
from services.kernel.tokens import KeySet, Signer, TokenRefused, claimed_issuer
from services.status.domain import Owner, client_owner
from services.status.identity import Caller, Role

SERVICES = "potok-services"
"""The issuer of the tokens of our services; each signs its own, by a key that is named as it is."""
MOST_CALLERS = 4_096
"""Tokens whose check is remembered until they expire."""
LONGEST_USER = 120

_ROLE_BY_CLAIM = {"operator": Role.OPERATOR, "admin": Role.ADMIN, "service": Role.SERVICE}
_ANYONE = access_pb2.ROLE_ANYONE
_ALLOWED = {
    Role.OPERATOR: {access_pb2.ROLE_OPERATOR},
    Role.ADMIN: {access_pb2.ROLE_OPERATOR, access_pb2.ROLE_ADMIN},
    Role.SERVICE: {access_pb2.ROLE_SERVICE},
    Role.INTERNAL: {access_pb2.ROLE_INTERNAL},
}

_caller: ContextVar[Caller] = ContextVar("caller")


def current_caller() -> Caller:
    """Return who made the call that is being handled; LookupError outside of one, or where anyone may call."""
    return _caller.get()


@functools.cache
def allowed_roles(method: str) -> frozenset[int]:
    """Return who may call `/package.Service/Method` by its proto: numbers of Role; empty where nobody may."""
    return frozenset(_option(method, access_pb2.roles))


@functools.cache
def allowed_services(method: str) -> tuple[str, ...]:
    """Return which of our services may call `/package.Service/Method` by its proto."""
    return tuple(_option(method, access_pb2.callers))


def _option(method: str, option: Any) -> Iterable[Any]:
    service, _, name = method.removeprefix("/").rpartition("/")
    try:
        found = descriptor_pool.Default().FindServiceByName(service).methods_by_name[name]
    except KeyError:
        return ()
    values: Iterable[Any] = found.GetOptions().Extensions[option]
    return values


class TokenGuard:
    """Lets in who may come in, by their tokens: deny by default."""

    def __init__(self, users: KeySet, services: KeySet) -> None:
        self._users = users
        self._services = services
        self._known: OrderedDict[str, Caller] = OrderedDict()

    def admit(self, method: str, metadata: Sequence[tuple[str, str | bytes]]) -> Admitted:
        """Make the caller of an RPC the current one; raises Unauthenticated or Forbidden.

        Calls of our services are not counted: each knows itself how many it makes.
        """
        allowed = allowed_roles(method)
        if _ANYONE in allowed:
            return Admitted("", counted=True)
        caller = self._caller(metadata)
        if not any(_ALLOWED[role] & allowed for role in caller.roles):
            raise Forbidden(
                f"{method.rpartition('/')[2]} is not for you: "
                f"your token says {', '.join(sorted(role.value.lower() for role in caller.roles))}"
            )
        if Role.INTERNAL in caller.roles and caller.user not in allowed_services(method):
            raise Forbidden(f"{method.rpartition('/')[2]} is not for {caller.user}")
        _caller.set(caller)
        return Admitted(caller.user, counted=Role.INTERNAL not in caller.roles)

    def check(self, request: Message) -> None:
        """Refuse a request that names an owner or client which its caller may not see; raises Forbidden."""
        caller = _caller.get(None)
        if caller is not None and not caller.sees_all:
            caller.check_owners(_owners_in(request))

    def _caller(self, metadata: Sequence[tuple[str, str | bytes]]) -> Caller:
        token = _bearer(metadata)
        now = datetime.now(UTC)
        if any([self._users.look(), self._services.look()]):
            self._known.clear()  # a key may have been taken back
        known = self._known.get(token)
        if known is None or known.expires_at <= now:
            known = self._known[token] = self._read(token)
            while len(self._known) > MOST_CALLERS:
                self._known.popitem(last=False)
        return known

    def _read(self, token: str) -> Caller:
        try:
            if claimed_issuer(token) == SERVICES:
                return _service(self._services.verify(token))
            return _user(self._users.verify(token))
        except TokenRefused as refusal:
            raise Unauthenticated(str(refusal)) from None


def _bearer(metadata: Sequence[tuple[str, str | bytes]]) -> str:
    for name, value in metadata:
        if name == "authorization":
            kind, _, token = str(value).partition(" ")
            if kind.lower() == "bearer" and token:
                return token
            raise Unauthenticated("authorization: write Bearer and your token")
    raise Unauthenticated("authorization: there is no token, send Bearer and yours")


def _service(claims: Mapping[str, Any]) -> Caller:
    if claims["sub"] != claims["kid"]:
        raise TokenRefused("the token names another service than its key does")
    return Caller(user=claims["sub"], roles=frozenset({Role.INTERNAL}), expires_at=_expiry(claims))


def _user(claims: Mapping[str, Any]) -> Caller:
    user = str(claims["sub"])
    if not (0 < len(user) <= LONGEST_USER and user.isprintable()):
        raise TokenRefused(f"sub: must be at most {LONGEST_USER} printable characters")
    if "," in user or user != user.strip():
        raise TokenRefused("sub: must not hold commas, nor begin or end with a blank")
    roles = {_ROLE_BY_CLAIM[role] for role in _words(claims, "roles") if role in _ROLE_BY_CLAIM}
    if not roles:
        raise TokenRefused(f"roles: names none of {', '.join(_ROLE_BY_CLAIM)}")
    return Caller(
        user=user,
        roles=frozenset(roles),
        clients=frozenset(_words(claims, "clients")),
        expires_at=_expiry(claims),
    )


def _words(claims: Mapping[str, Any], name: str) -> list[str]:
    found = claims.get(name, [])
    if not (isinstance(found, list) and all(isinstance(word, str) for word in found)):
        raise TokenRefused(f"{name}: must be a list of words")
    return [word for word in found if word.isprintable() and "," not in word]


def _expiry(claims: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(claims["exp"], UTC)


def _owners_in(request: Any) -> list[Owner]:
    """Return the owners that a request names, in the fields that requests have for them."""
    fields = request.DESCRIPTOR.fields_by_name
    found: list[Owner] = []
    if "owner" in fields and request.owner:
        found.append(Owner(request.owner))
    if "client_id" in fields and request.client_id:
        found.append(client_owner(request.client_id))
    if "client_ids" in fields:
        found.extend(map(client_owner, request.client_ids))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a service knows of who calls, and how it is known itself."""

    guard: TokenGuard
    signer: Signer


def identity_of(service: str, settings: ServiceSettings) -> Identity:
    """Return the identity of a service from its folder of keys; ends the process where that is not usable."""
    keys: Path = settings.keys
    try:
        audience = settings.audience
        return Identity(
            guard=TokenGuard(
                KeySet(keys / "users.json", issuer=settings.issuer, audience=audience),
                KeySet(keys / "services.json", issuer=SERVICES, audience=audience),
            ),
            signer=Signer(
                (keys / f"{service}.pem").read_text(),
                name=service,
                issuer=SERVICES,
                audience=audience,
            ),
        )
    except (OSError, ValueError) as error:
        raise SystemExit(f"the folder of keys {keys} is not usable: {error}") from None


def reading_for_caller(pool: asyncpg.Pool) -> Reading:
    """Return what reads as the caller of the RPC under way, by a pool of the service's app role."""
    return lambda: reading(pool, current_caller().scope)
