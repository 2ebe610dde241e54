"""`potok token`: a development token, signed by the key of the system on this machine."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

import typer

from potok_client.cli.exits import CommandFailed
from potok_client.cli.options import SETUP_PANEL, RoleName
from potok_client.cli.terminal import perform
from potok_client.identity import NoIdentity, development_key, mint

app = typer.Typer()


@app.command("token", rich_help_panel=SETUP_PANEL)
def make_token(
    *,
    user: Annotated[str, typer.Option(help="Who it is of: the claim sub.")] = "developer",
    role: Annotated[
        list[RoleName] | None,
        typer.Option(help="May be repeated. Without it: admin."),
    ] = None,
    client: Annotated[
        list[str] | None,
        typer.Option(help="A client that an operator may see; may be repeated."),
    ] = None,
    hours: Annotated[float, typer.Option(min=0.0001, max=24 * 366)] = 8,
) -> None:
    """Print a token for trying things, signed by the key that the system on this machine made.

    Example: potok token --user olga --role operator --client clinic
    """
    roles = role or [RoleName.ADMIN]
    perform(_token(user, roles, client or [], timedelta(hours=hours)))


async def _token(
    user: str, roles: Sequence[RoleName], clients: Sequence[str], lifetime: timedelta
) -> None:
    try:
        key = development_key()
    except NoIdentity as error:
        raise CommandFailed(
            f"a token is signed by the key of a system on this machine: {error}",
            "make token   makes the key first",
        ) from None
    typer.echo(mint(key, user, roles=list(map(str, roles)), clients=clients, lifetime=lifetime))
