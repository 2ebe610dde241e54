"""What goes with a new RPC or a new command and is forgotten is named, with what to write and where."""

import ast
import importlib
import pkgutil
import re
from pathlib import Path

import potok_client.cli
import pytest
from google.protobuf.descriptor import MethodDescriptor
from potok.status.v1 import access_pb2
from potok_client.cli.app import app

from deploy.tables import DOCUMENTS, commands, roles_of, written
from gateway.endpoints import Endpoint, endpoints, methods
from tests.access import RULES, path_of, rule_of
from tests.curl import curl_lines
from tests.tree import ROOT

METHODS = list(methods())
ENDPOINTS = [each for each in endpoints() if each.path]
BY_GRPC_ALONE = {
    "WatchStatus",  # WatchEvents is the same for HTTP
    "AdvanceEpoch",  # one command of one administrator, after a restore
}
COMMANDS = dict(commands())
HANDLERS = {
    f"{servicer.name}.{handler.name}"
    for module in (ROOT / "services").glob("**/*servicer.py")
    for servicer in ast.parse(module.read_text(encoding="utf-8")).body
    if isinstance(servicer, ast.ClassDef)
    for handler in servicer.body
    if isinstance(handler, ast.AsyncFunctionDef)
}


def proto_of(method: MethodDescriptor) -> str:
    return f"protos/{method.containing_service.file.name}"


@pytest.mark.parametrize("method", METHODS, ids=path_of)
def test_an_rpc_says_who_may_call_it(method: MethodDescriptor) -> None:
    assert roles_of(method), (
        f"nobody may call {method.name}: write `option (potok.status.v1.roles) = ROLE_OPERATOR;`, or who may, "
        f"in {proto_of(method)}"
    )


@pytest.mark.parametrize("method", METHODS, ids=path_of)
def test_an_rpc_has_a_rule(method: MethodDescriptor) -> None:
    service = method.containing_service.full_name

    assert method.name in RULES.get(service, {}), (
        f'{method.name} has no rule: write who may call it, `"{method.name}": …`, below "{service}" in RULES of '
        "tests/access.py"
    )
    said, services = set(roles_of(method)), method.GetOptions().Extensions[access_pb2.callers]
    assert ("internal" in said) == bool(services), (
        f"{method.name}: ROLE_INTERNAL and `option (potok.status.v1.callers)` go together, in {proto_of(method)}"
    )
    if "anyone" not in said:
        said = (said - {"internal"}).union(services)
        # An administrator may what an operator may.
        assert rule_of(method) == said | ({"admin"} if "operator" in said else set()), (
            f"{method.name}: {proto_of(method)} and RULES of tests/access.py do not say the same"
        )


@pytest.mark.parametrize("method", METHODS, ids=path_of)
def test_an_rpc_has_a_handler(method: MethodDescriptor) -> None:
    servicer = f"{method.containing_service.name}r"

    assert f"{servicer}.{method.name}" in HANDLERS, (
        f"nobody answers {method.name}: write `async def {method.name}(self, request, context)` in {servicer}"
    )


def test_every_rule_is_of_an_rpc() -> None:
    ruled = {f"/{service}/{name}" for service, rpcs in RULES.items() for name in rpcs}

    assert ruled <= {path_of(method) for method in METHODS}, (
        "take it out of RULES of tests/access.py"
    )


@pytest.mark.parametrize("endpoint", endpoints(), ids=lambda each: each.rpc)
def test_what_is_public_can_be_reached_by_http(endpoint: Endpoint) -> None:
    assert endpoint.path or endpoint.name in BY_GRPC_ALONE, (
        f"{endpoint.name} has no path of HTTP: write `option (google.api.http) = …` in {proto_of(endpoint.descriptor)}, "
        "or why there is none in BY_GRPC_ALONE of this test"
    )


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: each.rpc)
def test_an_endpoint_has_a_line_of_curl(endpoint: Endpoint) -> None:
    pattern = re.sub(r"\\\{[^}]*\\\}", "[^/?:]+(:[^/?]+)?", re.escape(endpoint.path)) + r"(\?.*)?"
    lines = [line for line in curl_lines() if line.verb == endpoint.verb]

    assert any(re.fullmatch(pattern, line.path) for line in lines), (
        f'{endpoint.name} has no line of curl: write `curl -H "$T" {_how(endpoint)}`, with values, below '
        f"`# {endpoint.descriptor.containing_service.name}` in gateway/README.md, where the table has it"
    )


def _how(endpoint: Endpoint) -> str:
    path = f'"$P{endpoint.path}"'
    match endpoint.verb:
        case "GET":
            return path
        case "POST":
            return f"{path} -d '{{}}'"
        case _:
            return f"-X {endpoint.verb} {path}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: str(each.relative_to(ROOT)))
def test_the_tables_say_what_the_code_says(document: Path) -> None:
    text = document.read_text(encoding="utf-8")

    assert written(text) == text, f"a table of {document.relative_to(ROOT)} is old: make gen"


def test_every_service_of_the_protos_is_in_the_readme_of_who_serves_it() -> None:
    for service in {
        method.containing_service.full_name: method.containing_service for method in METHODS
    }.values():
        document = f"services/{service.file.package.split('.')[1]}/README.md"
        _, _, rpcs = (ROOT / document).read_text(encoding="utf-8").partition("\n## RPCs\n")

        assert f"`{service.name}`" in rpcs.partition("\n## ")[0], (
            f"write `{service.name}`, and for whom it is, below RPCs in {document}"
        )


SERVICES = sorted(path.parent.name for path in (ROOT / "services").glob("*/__main__.py"))
HEADINGS = ["What it owns", "RPCs", "Tables", "Settings", "When it is down"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_a_readme_that_the_first_one_leads_to(service: str) -> None:
    readme = ROOT / "services" / service / "README.md"

    assert readme.exists(), f"write services/{service}/README.md with the headings {HEADINGS}"
    headings = re.findall(r"^## (.*)$", readme.read_text(encoding="utf-8"), re.MULTILINE)
    assert [each for each in headings if each in HEADINGS] == HEADINGS, (
        f"services/{service}/README.md has not the headings {HEADINGS} in this order"
    )
    assert f"(services/{service}/README.md)" in (ROOT / "README.md").read_text(encoding="utf-8"), (
        f"write a row for services/{service}/README.md in the tree of README.md"
    )


@pytest.mark.parametrize(
    "module", [each.name for each in pkgutil.iter_modules(potok_client.cli.__path__)]
)
def test_the_commands_of_a_module_are_in_the_command_line(module: str) -> None:
    found = getattr(importlib.import_module(f"potok_client.cli.{module}"), "app", app)

    assert found is app or found in [group.typer_instance for group in app.registered_groups], (
        f"its commands are lost: write `app.add_typer({module}.app)` in client/potok_client/cli/app.py"
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_shows_how_it_is_used(name: str) -> None:
    assert re.search(rf"Examples?: (.*; )?{name}\b", COMMANDS[name].help or ""), (
        f"write `Example: {name} …` in the docstring of the command"
    )
