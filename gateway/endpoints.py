"""What the protos say of their RPCs: which are public, at which service, by which path and method."""

import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import potok
from google.api import annotations_pb2, http_pb2
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import Descriptor, FileDescriptor, MethodDescriptor
from google.rpc import error_details_pb2
from potok.status.v1 import access_pb2

_PUBLIC = {
    access_pb2.ROLE_OPERATOR,
    access_pb2.ROLE_ADMIN,
    access_pb2.ROLE_SERVICE,
    access_pb2.ROLE_ANYONE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A public RPC; `verb` and `path` are empty where it has no JSON."""

    service: str
    """The service of ours that serves it, as in `coordinator`."""
    proto_service: str
    """The service of the proto, as in `potok.coordinator.v1.CoordinatorService`."""
    name: str
    verb: str
    path: str
    """A template, as in `/api/v1/runs/{run_id}`."""
    descriptor: MethodDescriptor

    @property
    def rpc(self) -> str:
        """The path by which gRPC calls it."""
        return f"/{self.proto_service}/{self.name}"

    @property
    def raw(self) -> bool:
        """True where the body is whatever its sender makes it."""
        rule = self.descriptor.GetOptions().Extensions[annotations_pb2.http]
        field = self.descriptor.input_type.fields_by_name.get(rule.body)
        kind = field.message_type if field is not None else None
        return kind is not None and kind.full_name == "google.api.HttpBody"

    @property
    def bound(self) -> list[str]:
        """The fields that are in the path, fields of fields by dots."""
        return re.findall(r"{([^}=]+)", self.path)

    @property
    def parameters(self) -> list[str]:
        """The parameters of its query, fields of fields by dots."""
        rule = self.descriptor.GetOptions().Extensions[annotations_pb2.http]
        found = [name for name in _parameters(self.descriptor.input_type) if name not in self.bound]
        return [name for name in found if name.partition(".")[0] != rule.body]

    @property
    def reads(self) -> bool:
        """True where a second call does no harm."""
        return self.name.startswith(("Get", "List", "Watch"))


@cache
def endpoints() -> tuple[Endpoint, ...]:
    """Return every public RPC, in the order of the protos."""
    return tuple(
        _endpoint(method)
        for method in methods()
        if _PUBLIC.intersection(method.GetOptions().Extensions[access_pb2.roles])
    )


def methods() -> Iterator[MethodDescriptor]:
    """Yield every RPC of ours, public or not."""
    for file in _ours():
        for service in file.services_by_name.values():
            yield from service.methods


def descriptor_set() -> bytes:
    """Return all our protos with what they import, as a FileDescriptorSet.

    It is made of the very descriptors that the services serve by, so that it cannot differ.
    """
    files: dict[str, FileDescriptor] = {}
    # The details of errors are in no proto of ours, but in our answers.
    for file in (*_ours(), error_details_pb2.DESCRIPTOR):
        _add(file, files)
    whole = descriptor_pb2.FileDescriptorSet()
    for file in files.values():
        file.CopyToProto(whole.file.add())
    return whole.SerializeToString()


def _add(file: FileDescriptor, files: dict[str, FileDescriptor]) -> None:
    """Put a file behind those that it imports."""
    for imported in file.dependencies:
        _add(imported, files)
    files.setdefault(file.name, file)


@cache
def _ours() -> tuple[FileDescriptor, ...]:
    folder = Path(potok.__path__[0])
    found = sorted(folder.rglob("*_pb2.py"))
    names = [".".join(("potok", *file.relative_to(folder).with_suffix("").parts)) for file in found]
    return tuple(importlib.import_module(name).DESCRIPTOR for name in names)


def _parameters(message: Descriptor, within: str = "") -> Iterator[str]:
    for field in message.fields:
        inner = field.message_type
        if inner is None:
            yield within + field.name
        elif not field.is_repeated:
            yield from _parameters(inner, f"{within}{field.name}.")


def _endpoint(method: MethodDescriptor) -> Endpoint:
    rule: http_pb2.HttpRule = method.GetOptions().Extensions[annotations_pb2.http]
    verb = rule.WhichOneof("pattern") or ""
    service = method.containing_service
    return Endpoint(
        service=service.file.package.split(".")[1],
        proto_service=service.full_name,
        name=method.name,
        verb=verb.upper(),
        path=getattr(rule, verb) if verb else "",
        descriptor=method,
    )
