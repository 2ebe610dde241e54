"""`potok client`: set up the clients whose calls are processed."""

import enum
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import grpc
import typer
from potok.coordinator.v1 import coordinator_service_pb2 as pb
from potok.coordinator.v1.run_pb2 import Client
from potok.status.v1.progress_pb2 import ClientSettings
from tzlocal import get_localzone_name

from potok_client.cli.connection import DEADLINE, Coordinator, coordinator
from potok_client.cli.exits import CommandFailed, ExitCode
from potok_client.cli.layout import Advised
from potok_client.cli.options import ClientId, Json
from potok_client.cli.terminal import as_dict, cell, perform, print_json, say, show, table

app = typer.Typer(no_args_is_help=True, help="Set up the clients whose calls are processed.")

_NEW = ClientSettings(time_zone="UTC", playbook="clinic", language="ru", weight=1)
_PAGE = 1000


class Side(enum.Enum):
    """Who is on a channel, as options name it."""

    OPERATOR = "operator"
    CLIENT = "client"
    DEFAULT = "default"

    @property
    def setting(self) -> str:
        """What the setting of a client is then."""
        return "" if self is Side.DEFAULT else self.value


@app.command("set")
def set_client(
    client: ClientId,
    *,
    source: Annotated[
        str | None,
        typer.Option(
            metavar="KIND:PLACE",
            help="Where its calls come from: amocrm:ACCOUNT (potok account list) or folder:DIR.",
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            help="The same as --source folder:DIR, on the service's machine; DIR may be relative."
        ),
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="IANA name, such as Europe/Moscow; UTC for a new client.")
    ] = None,
    playbook: Annotated[
        str | None, typer.Option(help="What calls are judged by; clinic for a new client.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="Of the calls, ISO 639-1; ru for a new client.")
    ] = None,
    min_success_ratio: Annotated[
        float | None,
        typer.Option(help="Of a stage, for the next one to start; 0: one success is enough."),
    ] = None,
    weight: Annotated[
        int | None, typer.Option(help="Its share of the workers, 1 to 100; 1 for a new client.")
    ] = None,
    left_incoming: Annotated[
        Side | None,
        typer.Option(help="Who is on the left channel of incoming calls; default: the service's."),
    ] = None,
    left_outgoing: Annotated[
        Side | None, typer.Option(help="Who is on the left channel of outgoing calls; likewise.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Create a client, or change what is named of an existing one.

    Example: potok client set clinic --source amocrm:clinic --time-zone Europe/Moscow
    """
    if source and folder:
        raise typer.BadParameter("name a --source or a --folder, not both")
    changes: dict[str, Any] = {
        "source": f"folder:{folder.resolve()}" if folder else source,
        "time_zone": time_zone,
        "playbook": playbook,
        "language": language,
        "min_success_ratio": min_success_ratio,
        "weight": weight,
        "left_incoming": left_incoming and left_incoming.setting,
        "left_outgoing": left_outgoing and left_outgoing.setting,
    }
    given = {name: value for name, value in changes.items() if value is not None}
    perform(set_up(client, given, as_json=as_json))


@app.command("list")
def list_clients(as_json: Json = False) -> None:
    """List the clients.

    Example: potok client list
    """
    perform(_list(as_json=as_json))


@app.command("show")
def show_client(client: ClientId, as_json: Json = False) -> None:
    """Show the settings of a client.

    Example: potok client show clinic
    """
    perform(_show(client, as_json=as_json))


async def set_up(client_id: str, given: Mapping[str, Any], *, as_json: bool = False) -> None:
    """Create a client, or change the settings that are given, and print it."""
    async with coordinator() as service:
        settings = ClientSettings()
        settings.CopyFrom(await _known(service, client_id) or _NEW)
        try:
            for name, value in given.items():
                setattr(settings, name, value)
        except ValueError:
            raise CommandFailed(
                f"--{name.replace('_', '-')}: {value} is out of range", code=ExitCode.USAGE
            ) from None
        if not settings.source:
            raise CommandFailed(
                f"client {client_id} is new: say where its calls come from",
                f"potok client set {client_id} --source amocrm:ACCOUNT",
                f"potok client set {client_id} --folder DIR",
                code=ExitCode.USAGE,
            )
        answer = await service.stub.SetClient(
            pb.SetClientRequest(client=Client(client_id=client_id, settings=settings)),
            timeout=DEADLINE,
        )
    _print(answer.client, as_json=as_json)


async def use_folder(service: Coordinator, client_id: str, folder: Path) -> None:
    """Set up a client whose calls are the recordings of a folder, unless it is set up so already."""
    source = f"folder:{folder}"
    known = await _known(service, client_id)
    if known and known.source == source:
        return
    if known and not known.source.startswith("folder:"):
        raise CommandFailed(
            f"client {client_id} takes its calls from {known.source}",
            f"potok run NAME --folder {folder}   makes another client of the folder",
            code=ExitCode.USAGE,
        )
    settings = ClientSettings()
    settings.CopyFrom(known or _NEW)
    settings.source = source
    if not known:
        settings.time_zone = get_localzone_name()
    await service.stub.SetClient(
        pb.SetClientRequest(client=Client(client_id=client_id, settings=settings)),
        timeout=DEADLINE,
    )


async def _known(service: Coordinator, client_id: str) -> ClientSettings | None:
    try:
        answer = await service.stub.GetClient(
            pb.GetClientRequest(client_id=client_id), timeout=DEADLINE
        )
    except grpc.aio.AioRpcError as error:
        if error.code() is grpc.StatusCode.NOT_FOUND:
            return None
        raise
    return answer.client.settings


async def _list(*, as_json: bool) -> None:
    clients: list[Client] = []
    async with coordinator() as service:
        request = pb.ListClientsRequest(page_size=_PAGE)
        while True:
            page = await service.stub.ListClients(request, timeout=DEADLINE)
            clients.extend(page.clients)
            request.page_token = page.next_page_token
            if not page.next_page_token:
                break
    if as_json:
        print_json([as_dict(client) for client in clients])
        return
    rows = table("client", "source", "time zone", "playbook", "language", "weight")
    for client in clients:
        settings = client.settings
        columns = (
            client.client_id,
            settings.source,
            settings.time_zone,
            settings.playbook,
            settings.language,
            settings.weight,
        )
        rows.add_row(*map(cell, columns))
    if clients:
        show(rows)
    else:
        say(Advised("no clients yet", "potok client set CLIENT --source amocrm:ACCOUNT"))


async def _show(client_id: str, *, as_json: bool) -> None:
    async with coordinator() as service:
        answer = await service.stub.GetClient(
            pb.GetClientRequest(client_id=client_id), timeout=DEADLINE
        )
    _print(answer.client, as_json=as_json)


def _print(client: Client, *, as_json: bool) -> None:
    if as_json:
        print_json(as_dict(client))
        return
    rows = table("setting", "value")
    rows.add_row("client", cell(client.client_id))
    for name, value in as_dict(client.settings).items():
        rows.add_row(name.replace("_", " "), cell(value))
    show(rows)
