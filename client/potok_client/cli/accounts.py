"""`potok account`: the accounts of AmoCRM that calls are read from."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from potok.call_sync.v1 import account_pb2
from potok.call_sync.v1 import account_service_pb2 as pb
from potok.call_sync.v1.account_service_pb2_grpc import AccountServiceStub

from potok_client.cli.connection import DEADLINE, gateway
from potok_client.cli.exits import CommandFailed, ExitCode
from potok_client.cli.layout import Advised
from potok_client.cli.options import Json
from potok_client.cli.terminal import as_dict, cell, perform, print_json, say, show, table

if TYPE_CHECKING:
    from potok.call_sync.v1.account_service_pb2_grpc import AccountServiceAsyncStub

app = typer.Typer(no_args_is_help=True, help="The accounts of AmoCRM that calls are read from.")

AccountId = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's id.")]

_Secret = tuple[str, Path | None]
"""The variable and the file that may hold a secret."""

_ASKING = 60
"""Seconds that a command may take that asks AmoCRM."""
_PAGE = 1000
_KINDS = {
    account_pb2.ACCOUNT_KIND_LONG_LIVED: "long-lived token",
    account_pb2.ACCOUNT_KIND_OAUTH: "integration",
}
_STATES = {
    account_pb2.ACCOUNT_STATE_ACTIVE: ("active", "green"),
    account_pb2.ACCOUNT_STATE_PAUSED: ("paused", "yellow"),
    account_pb2.ACCOUNT_STATE_REAUTH_REQUIRED: ("needs new tokens", "red"),
}


@app.command("add")
def add_account(
    account: AccountId,
    *,
    host: Annotated[str, typer.Option(help="Where it is, as example.amocrm.ru.")],
    token_file: Annotated[
        Path | None, typer.Option(help="Holds a long-lived token; else POTOK_AMOCRM_TOKEN.")
    ] = None,
    client_id: Annotated[
        str | None, typer.Option(help="Of an integration, in the place of a long-lived token.")
    ] = None,
    redirect_uri: Annotated[
        str | None, typer.Option(help="Of the integration, as it is registered.")
    ] = None,
    client_secret_file: Annotated[
        Path | None, typer.Option(help="Holds its secret; else POTOK_AMOCRM_CLIENT_SECRET.")
    ] = None,
    code_file: Annotated[
        Path | None, typer.Option(help="Holds its code of 20 minutes; else POTOK_AMOCRM_CODE.")
    ] = None,
    refresh_token_file: Annotated[
        Path | None,
        typer.Option(
            help="Holds a refresh token of nobody else in the place of a code; else POTOK_AMOCRM_REFRESH_TOKEN."
        ),
    ] = None,
    requests_per_second: Annotated[
        float | None, typer.Option(help="At the most; 5 where it is not given.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Add an account, or give one new tokens, and see whether it works.

    What is secret comes from a file, from the environment, or is asked for; never from the command line, which
    others can read. Exit code 1 when the account does not work.

    Example: potok account add clinic --host example.amocrm.ru --token-file token.txt
    """
    if client_id and not redirect_uri:
        raise typer.BadParameter("an integration has one", param_hint="--redirect-uri")
    secrets: dict[str, _Secret] = {
        "token": ("POTOK_AMOCRM_TOKEN", token_file),
        "client secret": ("POTOK_AMOCRM_CLIENT_SECRET", client_secret_file),
        "code": ("POTOK_AMOCRM_CODE", code_file),
        "refresh token": ("POTOK_AMOCRM_REFRESH_TOKEN", refresh_token_file),
    }
    request = pb.AddAccountRequest(
        account_id=account, host=host, requests_per_second=requests_per_second
    )
    if client_id:
        request.integration.client_id = client_id
        request.integration.redirect_uri = redirect_uri or ""
    perform(_add(request, secrets, as_json=as_json))


@app.command("list")
def list_accounts(as_json: Json = False) -> None:
    """List the accounts, and why one is not read from.

    Example: potok account list
    """
    perform(_list(as_json=as_json))


@app.command("check")
def check_account(account: AccountId, as_json: Json = False) -> None:
    """Ask an account who it is: whether it works, and why not. Exit code 1 when it does not.

    Example: potok account check clinic
    """
    perform(_check(account, as_json=as_json))


@app.command("resume")
def resume_account(account: AccountId, as_json: Json = False) -> None:
    """End a pause, once what caused it is mended, and see whether the account works.

    Example: potok account resume clinic
    """
    perform(_resume(account, as_json=as_json))


@app.command("remove")
def remove_account(account: AccountId) -> None:
    """Forget an account and its secrets; calls that were read from it stay.

    Example: potok account remove clinic
    """
    perform(_remove(account))


async def _add(
    request: pb.AddAccountRequest, secrets: Mapping[str, _Secret], *, as_json: bool
) -> ExitCode:
    async with gateway() as channel:
        _fill_in(request, secrets)
        stub: AccountServiceAsyncStub = AccountServiceStub(channel)
        await stub.AddAccount(request, timeout=_ASKING)
        return await _show_check(stub, request.account_id, as_json=as_json)


async def _check(account_id: str, *, as_json: bool) -> ExitCode:
    async with gateway() as channel:
        return await _show_check(AccountServiceStub(channel), account_id, as_json=as_json)


async def _resume(account_id: str, *, as_json: bool) -> ExitCode:
    async with gateway() as channel:
        stub: AccountServiceAsyncStub = AccountServiceStub(channel)
        await stub.ResumeAccount(pb.ResumeAccountRequest(account_id=account_id), timeout=DEADLINE)
        return await _show_check(stub, account_id, as_json=as_json)


async def _remove(account_id: str) -> None:
    async with gateway() as channel:
        stub: AccountServiceAsyncStub = AccountServiceStub(channel)
        await stub.DeleteAccount(pb.DeleteAccountRequest(account_id=account_id), timeout=DEADLINE)
    say(f"account {account_id} is forgotten")


async def _list(*, as_json: bool) -> None:
    accounts: list[account_pb2.Account] = []
    async with gateway() as channel:
        stub: AccountServiceAsyncStub = AccountServiceStub(channel)
        request = pb.ListAccountsRequest(page_size=_PAGE)
        while True:
            page = await stub.ListAccounts(request, timeout=DEADLINE)
            accounts.extend(page.accounts)
            request.page_token = page.next_page_token
            if not page.next_page_token:
                break
    if as_json:
        print_json([as_dict(account) for account in accounts])
        return
    rows = table("account", "host", "entered by", "state", "why", prose=["why"])
    for account in accounts:
        rows.add_row(
            cell(account.account_id),
            cell(account.host),
            _KINDS[account.kind],
            cell(*_STATES[account.state]),
            cell(_why(account)),
        )
    if accounts:
        show(rows)
    else:
        say(Advised("no accounts yet", "potok account add ACCOUNT --host example.amocrm.ru"))


async def _show_check(
    stub: "AccountServiceAsyncStub", account_id: str, *, as_json: bool
) -> ExitCode:
    answer = await stub.CheckAccount(pb.CheckAccountRequest(account_id=account_id), timeout=_ASKING)
    if as_json:
        print_json(as_dict(answer))
    elif answer.works:
        account = answer.account
        zone = f", {account.time_zone}" if account.time_zone else ""
        say(cell(f"account {account_id} works: {account.name or account.host}{zone}"))
        if answer.message:
            say(cell(answer.message, "yellow"))
    else:
        why = answer.message.removeprefix(f"account {account_id}: ")
        raise CommandFailed(f"account {account_id} does not work: {why}")
    return ExitCode.DONE if answer.works else ExitCode.ERROR


def _why(account: account_pb2.Account) -> str:
    if not account.HasField("resume_time"):
        return account.message
    return f"{account.message}; until {account.resume_time.ToDatetime():%H:%M} UTC"


def _fill_in(request: pb.AddAccountRequest, secrets: Mapping[str, _Secret]) -> None:
    """Write what is secret into a request."""
    if not request.HasField("integration"):
        request.long_lived.token = _read("token", secrets)
        return
    integration = request.integration
    integration.client_secret = _read("client secret", secrets)
    variable, file = secrets["refresh token"]
    if file or os.environ.get(variable):
        integration.refresh_token = _read("refresh token", secrets)
    else:
        integration.code = _read("code", secrets)


def _read(what: str, secrets: Mapping[str, _Secret]) -> str:
    """Return a secret from its file, the environment or the terminal."""
    variable, file = secrets[what]
    if file:
        try:
            return file.read_text().strip()
        except OSError as error:
            raise CommandFailed(f"{file}: {error.strerror}", code=ExitCode.USAGE) from None
        except UnicodeDecodeError:
            raise CommandFailed(f"{file} is no text in UTF-8", code=ExitCode.USAGE) from None
    if given := os.environ.get(variable, "").strip():
        return given
    if sys.stdin.isatty():
        return str(typer.prompt(what, hide_input=True)).strip()
    raise CommandFailed(
        f"the {what} is missing",
        f"--{what.replace(' ', '-')}-file FILE   reads it from a file",
        f"{variable}=…   takes it from the environment",
        code=ExitCode.USAGE,
    )
