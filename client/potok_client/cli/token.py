"""`potok token`: a development token, signed by the key of the system on this machine."""

from datetime import timedelta
from typing import Annotated

import typer

from potok_client.cli.exits import ExitCode
from potok_client.cli.options import SETUP_PANEL
from potok_client.identity import NoIdentity, development_key, mint

app = typer.Typer()

_ROLES = ("operator", "admin", "service")


@app.command("token", rich_help_panel=SETUP_PANEL)
def make_token(
    *,
    user: Annotated[str, typer.Option(help="Who it is of: the claim sub.")] = "developer",
    role: Annotated[
        list[str] | None,
        typer.Option(help="operator, admin or service; may be repeated. Without it: admin."),
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
    roles = role or ["admin"]
    for name in roles:
        if name not in _ROLES:
            raise typer.BadParameter(f"--role: {name!r} is none of {', '.join(_ROLES)}")
    try:
        key = development_key()
    except NoIdentity as error:
        typer.echo(f"error: {error}\n  make token   makes the key first", err=True)
        raise typer.Exit(ExitCode.ERROR) from None
    lifetime = timedelta(hours=hours)
    typer.echo(mint(key, user, roles=roles, clients=client or [], lifetime=lifetime))
