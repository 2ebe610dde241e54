"""Writes the tables of READMEs that repeat what the code says: the endpoints, the commands. `make gen` runs it.

A table stands between two comments, `<!-- begin: endpoints -->` and `<!-- end: endpoints -->`.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import typer
from google.protobuf.descriptor import MethodDescriptor
from potok.status.v1 import access_pb2
from potok_client.cli.app import app
from typer.core import TyperCommand, TyperGroup

from deploy.local.folders import CHECKOUT
from gateway.endpoints import endpoints

DOCUMENTS = (CHECKOUT / "gateway" / "README.md", CHECKOUT / "client" / "README.md")


def main() -> None:
    """Write the tables of all documents."""
    for document in DOCUMENTS:
        document.write_text(written(document.read_text(encoding="utf-8")), encoding="utf-8")


def written(text: str) -> str:
    """Return the text of a document with its tables as they must be."""
    for name, rows in {"endpoints": endpoint_rows, "commands": command_rows}.items():
        begin, end = f"<!-- begin: {name} -->", f"<!-- end: {name} -->"
        table = "\n".join(["| " + " | ".join(row) + " |" for row in rows()])
        text = re.sub(
            f"{begin}.*?{end}",
            lambda _, new=f"{begin}\n{table}\n{end}": new,  # type: ignore[misc]
            text,
            flags=re.DOTALL,
        )
    return text


def endpoint_rows() -> Iterator[Iterable[str]]:
    """Yield the rows of all public RPCs, in the order of the protos."""
    yield ("", "endpoint", "RPC", "for")
    yield ("-", "-", "-", "-")
    for each in endpoints():
        rpc = f"`{each.descriptor.containing_service.name}.{each.name}`"
        path = f"`{each.path}`" if each.path else "by gRPC and gRPC-Web alone"
        yield (each.verb, path, rpc, ", ".join(roles_of(each.descriptor)))


def roles_of(method: MethodDescriptor) -> list[str]:
    """Return who may call an RPC, by its proto, as in `operator`."""
    said = method.GetOptions().Extensions[access_pb2.roles]
    return [access_pb2.Role.Name(role).removeprefix("ROLE_").lower() for role in said]


def command_rows() -> Iterator[Iterable[str]]:
    """Yield the rows of all commands, in the order of the help."""
    yield ("command", "what it does")
    yield ("-", "-")
    for name, command in commands():
        usage = [name, *(_usage(each) for each in command.params if _told(each))]
        yield (f"`{' '.join(usage)}`", summary(command))


def _told(parameter: Any) -> bool:
    """Return whether a parameter stands in the table: arguments, and options that must be given."""
    return bool(parameter.param_type_name == "argument" or parameter.required)


def _usage(parameter: Any) -> str:
    word = (parameter.metavar or parameter.name).upper().strip("[]")
    if parameter.param_type_name == "option":
        return f"{parameter.opts[0]} {word}"
    return word if parameter.required else f"[{word}]"


def commands() -> Iterator[tuple[str, TyperCommand]]:
    """Yield every command by what is typed, as in `potok bot start`."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    yield from _commands("potok", group)


def summary(command: TyperCommand) -> str:
    """Return the first paragraph of a command's help."""
    return " ".join((command.help or "").split("\n\n")[0].split())


def _commands(name: str, group: TyperGroup) -> Iterator[tuple[str, TyperCommand]]:
    for word, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from _commands(f"{name} {word}", command)
        else:
            assert isinstance(command, TyperCommand)
            yield f"{name} {word}", command


if __name__ == "__main__":
    main()
