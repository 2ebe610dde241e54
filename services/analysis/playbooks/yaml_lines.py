"""YAML as playbooks have it, and on which line of a text something is, or is wrong."""

from collections.abc import Iterator
from typing import Any

import yaml

KeyPath = tuple[int | str, ...]
"""The keys and positions that lead to a value."""

MOST_CHARACTERS = 200_000
"""Ten times a large playbook; reading so many takes some seconds."""
DEEPEST = 30
_SHOWN = 20
"""Characters of a wrong value in a message."""


class YamlFault(Exception):
    """A text is no YAML that is read here: on which `line`, from 1, and at which `path` where that is known."""

    def __init__(self, line: int, problem: str, path: KeyPath = ()) -> None:
        super().__init__(problem)
        self.line = line
        self.path = path


class _Loader(yaml.SafeLoader):
    """Says where a value is that cannot be made; what lies too deep is refused before it is read."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self.depth += 1
        if self.depth > DEEPEST:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(
                None, None, f"it is nested more than {DEEPEST} deep", mark
            )
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, TypeError, AttributeError, OverflowError):
            kind = node.tag.rpartition(":")[2]
            value = str(node.value)
            shown = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
            raise yaml.constructor.ConstructorError(
                None, None, f"{shown!r} is no usable {kind}: write another value", node.start_mark
            ) from None


def read_yaml(text: str) -> tuple[yaml.Node | None, Any, list[tuple[int, str]]]:
    """Return what a text says: its nodes, its content, and the keys that are written twice, with their lines.

    Raises YamlFault.
    """
    if len(text) > MOST_CHARACTERS:
        raise YamlFault(
            1, f"it has {len(text)} characters, where {MOST_CHARACTERS} are allowed: shorten it"
        )
    root = None
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        repeated = list(_repeated_keys(root))  # before merges put keys together
        return root, loader.construct_document(root) if root else None, repeated
    except yaml.constructor.ConstructorError as error:
        line, problem = _fault(error, text)
        raise YamlFault(line, problem, _path_at(root, error.problem_mark)) from None
    except yaml.YAMLError as error:
        raise YamlFault(*_fault(error, text)) from None


def _fault(error: yaml.YAMLError, text: str) -> tuple[int, str]:
    """Return the line, from 1, on which a text stops being YAML, and why."""
    match error:
        case yaml.MarkedYAMLError(problem_mark=yaml.Mark() as mark):
            begun = error.context_mark
            since = f" {error.context} from line {begun.line + 1} on" if begun else ""
            return mark.line + 1, f"{error.problem}{since}"
        case yaml.reader.ReaderError():
            character = f"the character {chr(error.character)!r} may not stand in it"
            return text[: error.position].count("\n") + 1, character
    return 1, str(error)


def _nodes(root: yaml.Node | None) -> Iterator[tuple[KeyPath, yaml.Node]]:
    """Yield each node, with the path to it, in the order of the text; what an alias leads to once."""
    waiting: list[tuple[KeyPath, yaml.Node | None]] = [((), root)]
    seen: set[int] = set()
    while waiting:
        path, node = waiting.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        yield path, node
        if isinstance(node, yaml.SequenceNode):
            below = [((*path, index), each) for index, each in enumerate(node.value)]
        elif isinstance(node, yaml.MappingNode):
            below = [((*path, str(key.value)), value) for key, value in node.value]
        else:
            below = []
        waiting += reversed(below)


def _repeated_keys(root: yaml.Node | None) -> Iterator[tuple[int, str]]:
    """Find keys that are written twice, of which YAML takes the last and says nothing."""
    for _, node in _nodes(root):
        keys: set[str] = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if str(key.value) in keys:
                yield key.start_mark.line + 1, str(key.value)
            keys.add(str(key.value))


def _path_at(root: yaml.Node | None, mark: yaml.Mark | None) -> KeyPath:
    if mark is None:
        return ()
    found = (path for path, node in _nodes(root) if node.start_mark.index == mark.index)
    return next(found, ())


def line_of(root: yaml.Node | None, path: KeyPath) -> int:
    """Return the line, from 1, of the deepest node that a path leads to."""
    node = root
    for step in path:
        below: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            below = next((value for key, value in node.value if key.value == step), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            below = node.value[step] if step < len(node.value) else None
        if below is None:
            break
        node = below
    return node.start_mark.line + 1 if node else 1
