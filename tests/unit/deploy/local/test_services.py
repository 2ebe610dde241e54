"""The table of services holds, and everybody's defaults are those of the table."""

import importlib
from typing import Any

import pytest

from deploy.local.services import SERVICES, TABLE
from gateway.rendering import SERVICES as PUBLIC
from gateway.settings import GatewaySettings
from services.kernel.settings import ServiceSettings
from tests.tree import ROOT

PORTS = {service.name: service.port for service in TABLE}
SETTINGS = {"coordinator", "bot_status", "upstream", "calls", "transcripts", "analyses"}
"""Settings that are the address of a service."""


def settings_of(service: str) -> type[ServiceSettings]:
    module = importlib.import_module(f"services.{service}.settings")
    [found] = [
        each
        for each in vars(module).values()
        if isinstance(each, type)
        and issubclass(each, ServiceSettings)
        and each.__module__ == module.__name__
    ]
    return found


def default(settings: Any, field: str) -> Any:
    return settings.model_fields[field].default


def test_every_service_is_in_the_table() -> None:
    folders = {path.parent.name for path in (ROOT / "services").glob("*/__main__.py")}

    assert set(SERVICES) == folders, "write a line for it in TABLE of deploy/local/services.py"


def test_no_two_services_share_a_port() -> None:
    assert len(set(PORTS.values())) == len(TABLE), PORTS


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_listens_where_the_table_says(service: str) -> None:
    assert default(settings_of(service), "listen") == f"127.0.0.1:{PORTS[service]}", (
        f"write the port of TABLE in deploy/local/services.py as the default of `listen` in services/{service}/settings.py"
    )


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_looks_for_others_where_they_are(service: str) -> None:
    settings = settings_of(service)
    for field in SETTINGS & set(settings.model_fields):
        address = default(settings, field)
        assert not isinstance(address, str) or address in {
            f"127.0.0.1:{port}" for port in PORTS.values()
        }, f"services/{service}/settings.py: `{field}` is {address}, where no service of TABLE is"


@pytest.mark.parametrize("service", PUBLIC)
def test_the_gateway_looks_for_a_service_where_it_is(service: str) -> None:
    line = f'    {service}: tuple[Address, ...] = ("127.0.0.1:{PORTS[service]}",)'

    assert service in GatewaySettings.model_fields, f"write in gateway/settings.py:\n{line}"
    assert default(GatewaySettings, service) == (f"127.0.0.1:{PORTS[service]}",), (
        f"write in gateway/settings.py:\n{line}"
    )
    assert f"`{service.upper()}`" in (ROOT / "gateway" / "README.md").read_text(), (
        f"write `{service.upper()}` in the row of the servers of gateway/README.md"
    )


@pytest.mark.parametrize("service", TABLE, ids=SERVICES)
def test_the_readme_says_where_a_service_is(service: Any) -> None:
    readme = (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")

    assert f"`127.0.0.1:{service.port}`" in readme, (
        f"write a row for {service.name} at 127.0.0.1:{service.port} in deploy/README.md"
    )
    assert f"`POTOK_{service.name.upper()}_LISTEN`" in readme
