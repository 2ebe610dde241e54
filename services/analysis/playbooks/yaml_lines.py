"""On which line of a YAML text something is, or is wrong."""

from collections.abc import Iterator

import yaml

KeyPath = tuple[int | str, ...]
"""The keys and positions that lead to a value."""


def yaml_fault(error: yaml.YAMLError, text: str) -> tuple[int, str]:
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


def repeated_keys(root: yaml.Node | None) -> Iterator[tuple[int, str]]:
    """Find keys that are written twice, of which YAML takes the last and says nothing."""
    waiting, seen = [root], set()
    while waiting:
        node = waiting.pop()
        if node is None or id(node) in seen:  # an alias leads to what was seen
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += reversed(node.value)
        elif isinstance(node, yaml.MappingNode):
            keys: set[str] = set()
            for key, _ in node.value:
                if key.value in keys:
                    yield key.start_mark.line + 1, key.value
                keys.add(key.value)
            waiting += reversed([value for _, value in node.value])


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
