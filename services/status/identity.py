"""Who calls, and what that lets them see. Nothing here does I/O."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from services.kernel.errors import Forbidden
from services.status.domain import FastEnum, Owner, client_owner, user_owner

EVERYTHING = "*"
"""The scope of those who may see the rows of every owner."""


class Role(FastEnum):
    """What a caller may be; the proto says what each may do."""

    OPERATOR = "OPERATOR"
    ADMIN = "ADMIN"
    SERVICE = "SERVICE"
    INTERNAL = "INTERNAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who makes a call, by their token: a user, a service outside, or one of our own."""

    user: str
    """The user or service that the token names."""
    roles: frozenset[Role]
    clients: frozenset[str] = frozenset()
    expires_at: datetime

    @property
    def sees_all(self) -> bool:
        """True for those who may see what belongs to anybody."""
        return not self.roles.isdisjoint({Role.ADMIN, Role.INTERNAL})

    @property
    def owner(self) -> Owner:
        """The owner that the user is."""
        return user_owner(self.user)

    @property
    def owners(self) -> frozenset[Owner]:
        """Whose rows the caller may see, where that is not everybody's."""
        return frozenset({self.owner, *map(client_owner, self.clients)})

    @property
    def scope(self) -> str:
        """What row-level security is told: the owners, separated by commas, or EVERYTHING."""
        return EVERYTHING if self.sees_all else ",".join(sorted(self.owners))

    def sees(self, owner: Owner) -> bool:
        """Tell whether the caller may see what belongs to an owner."""
        return self.sees_all or owner in self.owners

    def check_owners(self, owners: Collection[Owner]) -> None:
        """Raise Forbidden unless the caller may see what belongs to all of `owners`."""
        if self.sees_all:
            return
        foreign = set(owners) - self.owners
        if foreign:
            raise Forbidden(
                f"you may not see what belongs to {', '.join(sorted(foreign))}: "
                "your token does not name it"
            )
