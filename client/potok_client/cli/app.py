"""The commands put together."""

from importlib import metadata
from typing import Annotated

import typer

from potok_client.cli import (
    accounts,
    admin,
    advice,
    bots,
    calls,
    clients,
    history,
    judge,
    ledger,
    ranges,
    recording,
    report,
    runs,
    token,
    transcript,
)
from potok_client.cli.options import MEETING_PANEL, RANGE_PANEL, SETUP_PANEL

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Calls from where they happen to what should be done about them, every step live.",
    epilog="POTOK_ADDRESS=host:port or https://host names the gateway; default 127.0.0.1:8000. "
    "POTOK_TOKEN is the token that says who you are; where a system of this checkout runs, one is made. "
    "Exit codes: 0 done, 1 refused, 2 wrong usage, 3 some items failed, 4 the run failed, "
    "5 the run was cancelled, 6 a service does not answer.",
)
app.add_typer(runs.app)
app.add_typer(bots.app, name="bot", rich_help_panel=MEETING_PANEL)
app.add_typer(ranges.app)
app.add_typer(ledger.app)
app.add_typer(calls.app)
app.add_typer(report.app)
app.add_typer(history.app)
app.add_typer(advice.app, name="advice", rich_help_panel=RANGE_PANEL)
app.add_typer(transcript.app)
app.add_typer(recording.app)
app.add_typer(judge.app)
app.add_typer(accounts.app, name="account", rich_help_panel=SETUP_PANEL)
app.add_typer(clients.app, name="client", rich_help_panel=SETUP_PANEL)
app.add_typer(token.app)
app.add_typer(admin.app, name="admin", rich_help_panel=SETUP_PANEL)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"potok {metadata.version('potok')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[  # its callback has answered
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Take what stands before any command."""


def main() -> None:
    """Do what the command line says; ends the process."""
    app()
