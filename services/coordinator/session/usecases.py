"""What the coordinator can do as the local issuer: make a token, and keep that it did."""

from collections.abc import Sequence
from datetime import timedelta

from services.coordinator.session.domain import (
    LIFETIME,
    LONGEST_COOKIE,
    IssuedToken,
    NoIssuerKey,
)
from services.coordinator.session.ports import Issuer, TokenAudit
from services.kernel.clock import utc_now
from services.kernel.errors import InvalidInput
from services.status.domain import AuditAction, AuditEntry
from services.status.identity import Caller, Role


class Tokens:
    """Tokens for people where there is no other issuer; without a key none is made."""

    def __init__(self, issuer: Issuer | None, audit: TokenAudit) -> None:
        self._issuer = issuer
        self._audit = audit

    async def issue_token(
        self,
        actor: str,
        user: str,
        role: Role,
        clients: Sequence[str],
        lifetime: timedelta,
    ) -> IssuedToken:
        """Return a token, which is kept nowhere; one for no time at all counts as long as is usual.

        Raises NoIssuerKey, InvalidInput for a name that is none or a token that no browser keeps.
        """
        if self._issuer is None:
            raise NoIssuerKey(
                "the coordinator has no key to sign tokens with: get them where yours come from, "
                "or set POTOK_COORDINATOR_ISSUER_KEY",
                reason="NO_ISSUER_KEY",
            )
        if not user.isprintable() or user != user.strip():
            raise InvalidInput("user_id: write printable characters, without blanks around them")
        now = utc_now().replace(microsecond=0)
        caller = Caller(
            user=user,
            roles=frozenset({role}),
            clients=frozenset(clients),
            expires_at=now + (lifetime or LIFETIME),
        )
        token = self._issuer.sign(caller)
        if len(token) > LONGEST_COOKIE:
            raise InvalidInput(
                f"client_ids: browsers keep no token of {len(token)} characters, name fewer clients"
            )
        await self._audit.insert_audit_entry(
            AuditEntry(
                actor=actor,
                action=AuditAction.ISSUE_TOKEN,
                owner="",
                subject=user,
                detail=_detail(caller, role),
                at=now,
            )
        )
        return IssuedToken(token=token, caller=caller)


def _detail(caller: Caller, role: Role) -> str:
    """Return what a token lets its user do, and until when."""
    clients = f" of {', '.join(sorted(caller.clients))}" if caller.clients else ""
    return f"{role.value.lower()}{clients}, until {caller.expires_at:%Y-%m-%d %H:%M} UTC"
