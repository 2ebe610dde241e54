"""Makes Envoy's configuration of the template, the settings and the protos."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from string import Template

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from gateway.endpoints import Endpoint, descriptor_set, endpoints
from gateway.settings import GatewaySettings

SERVICES = tuple(dict.fromkeys(each.service for each in endpoints()))
"""The services with public RPCs; each has a list of servers in the settings."""

_TEMPLATE = Path(__file__).with_name("envoy.yaml")
_DOOR = Path(__file__).with_name("door.lua")
_MANNERS = Path(__file__).with_name("manners.lua")
_KINDS = {
    FieldDescriptor.TYPE_STRING: "text",
    FieldDescriptor.TYPE_BOOL: "flag",
    FieldDescriptor.TYPE_DOUBLE: "number",
    FieldDescriptor.TYPE_UINT32: "whole",
    FieldDescriptor.TYPE_UINT64: "whole",
    FieldDescriptor.TYPE_ENUM: "enum",
    FieldDescriptor.TYPE_MESSAGE: "message",
}
"""What manners.lua calls the types that fields of requests have."""
_MOST = {FieldDescriptor.TYPE_UINT32: 2**32 - 1, FieldDescriptor.TYPE_UINT64: 2**63 - 1}
_FOR_EACH_SERVICE = re.compile(r"^ *# for each service:\n(.*?)^ *# end\n", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The files that Envoy reads."""

    config: Path
    descriptor: Path


def render(settings: GatewaySettings) -> Rendered:
    """Write what Envoy reads into the folder of the settings."""
    folder = settings.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    rendered = Rendered(config=folder / "envoy.yaml", descriptor=folder / "descriptor.binpb")
    rendered.descriptor.write_bytes(descriptor_set())
    rendered.config.write_text(configuration(settings, rendered.descriptor), encoding="utf-8")
    return rendered


def configuration(settings: GatewaySettings, descriptor: Path) -> str:
    """Return the template with its values; each is JSON, which YAML includes."""
    host, _, port = settings.listen.rpartition(":")
    values: dict[str, object] = {
        "listen_host": host,
        "listen_port": int(port),
        "issuer": settings.issuer,
        "audience": settings.audience,
        "jwks": str(settings.jwks.resolve()),
        "clock_skew": round(settings.clock_skew.total_seconds()),
        "origins": [{"exact": origin} for origin in settings.origins],
        "descriptor": str(descriptor),
        "console": f"{settings.console.resolve()}/",
        "services": sorted({each.proto_service for each in endpoints() if each.path}),
        "required": {service: {"value": 1} for service in SERVICES if getattr(settings, service)},
        "health_interval": _seconds(settings.health_interval),
        "max_body": settings.max_body,
        "too_large": f"the body is larger than {settings.max_body} bytes",
        "max_connections": settings.max_connections,
        "max_requests": settings.max_requests,
        "rate": settings.rate,
        "burst": settings.burst,
        "trusted_hops": settings.trusted_hops,
        "address_rate": settings.address_rate,
        "address_burst": settings.address_burst,
        "request_time": _seconds(settings.request_time),
        "door": _DOOR.read_text(encoding="utf-8"),
        "manners": _lua_tables() + _MANNERS.read_text(encoding="utf-8"),
        "stream_idle": _seconds(settings.stream_idle),
        "sync_idle": _seconds(settings.sync_idle),
    }
    written = []
    for index, part in enumerate(_FOR_EACH_SERVICE.split(_TEMPLATE.read_text(encoding="utf-8"))):
        repeated = index % 2  # every second part is what the expression has matched
        for also in [_of_service(name, settings) for name in SERVICES] if repeated else [{}]:
            told = {name: json.dumps(value) for name, value in (values | also).items()}
            written.append(Template(part).substitute(told))
    return "".join(written)


def _of_service(service: str, settings: GatewaySettings) -> dict[str, object]:
    """Return the values of the parts of the template that each service has for itself."""
    ours = [each for each in endpoints() if each.service == service]
    return {
        "service": service,
        "servers": _servers(getattr(settings, service)),
        "reads": _any_of([each.rpc for each in ours if each.reads]),
        "others": _any_of([each.rpc for each in ours if not each.reads]),
    }


def _servers(addresses: Sequence[str]) -> list[object]:
    parts = [address.rpartition(":") for address in addresses]
    return [
        {"endpoint": {"address": {"socket_address": {"address": host, "port_value": int(port)}}}}
        for host, _, port in parts
    ]


def _lua_tables() -> str:
    """Return what manners.lua is told of the protos: the JSON endpoints, the longest path first, and their messages."""
    found = sorted((each for each in endpoints() if each.path), key=lambda each: -len(each.path))
    asked: dict[str, Descriptor] = {}
    for each in found:
        if not each.raw:
            _gather(each.descriptor.input_type, asked)
    messages = {name: [_field(field) for field in each.fields] for name, each in asked.items()}
    told = [_endpoint(each) for each in found]
    return f"local MESSAGES = {_lua(messages)}\nlocal ENDPOINTS = {_lua(told)}\n"


def _gather(message: Descriptor, found: dict[str, Descriptor]) -> None:
    found[message.full_name] = message
    for field in message.fields:
        if field.message_type and field.message_type.full_name not in found:
            _gather(field.message_type, found)


def _field(field: FieldDescriptor) -> dict[str, object]:
    told: dict[str, object] = {
        "name": field.name,
        "json": field.json_name,
        "kind": _KINDS[field.type],
        "many": field.is_repeated,
    }
    if field.type in _MOST:
        told["most"] = str(_MOST[field.type])
    if field.message_type:
        told["message"] = field.message_type.full_name
    if field.enum_type:
        values = field.enum_type.values
        told["words"] = ", ".join(each.name for each in values if each.number)
        told["values"] = {said: True for each in values for said in (each.name, str(each.number))}
    return told


def _endpoint(endpoint: Endpoint) -> dict[str, object]:
    names = endpoint.parameters
    # A letter that is none of Lua's patterns may stand behind a percent sign, too, but must not.
    pattern = re.sub(r"([-.+*?^$()%\[\]])", r"%\1", re.sub(r"\{[^}]+\}", "\0", endpoint.path))
    return {
        "path": f"^{pattern}$".replace("\0", "[^/]+"),
        "verb": endpoint.verb,
        "raw": endpoint.raw,
        "streams": endpoint.descriptor.server_streaming,
        "message": endpoint.descriptor.input_type.full_name,
        "bound": dict.fromkeys(endpoint.bound, True),
        "names": ", ".join(names),
        "parameters": dict.fromkeys(names, True),
    }


def _lua(value: object) -> str:
    """Return a value as Lua writes it; texts are plain ASCII."""
    match value:
        case dict():
            pairs = (f"[{json.dumps(name)}] = {_lua(each)}" for name, each in value.items())
            return f"{{{', '.join(pairs)}}}"
        case list():
            return f"{{{', '.join(map(_lua, value))}}}"
        case _:
            return json.dumps(value)


def _any_of(paths: Sequence[str]) -> str:
    """Return an expression that matches one of `paths` and nothing else."""
    return "|".join(map(re.escape, paths)) or "/none"


def _seconds(time: timedelta) -> str:
    return f"{time.total_seconds():f}".rstrip("0").rstrip(".") + "s"
