"""What the use cases of tokens need from the outside."""

from typing import Protocol

from services.status.domain import AuditEntry
from services.status.identity import Caller


class Issuer(Protocol):
    """Who makes the tokens of users."""

    def sign(self, caller: Caller) -> str:
        """Return a token that says this of its user."""


class TokenAudit(Protocol):
    """Where it is kept who was given a token."""

    async def insert_audit_entry(self, entry: AuditEntry) -> None:
        """Keep that a token was issued."""
