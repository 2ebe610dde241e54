"""Reads playbooks from YAML files, and says of every fault where it is and what to do."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import yaml
from pydantic import ValidationError

from services.analysis.phrases import BUILT_IN, parse_phrase
from services.analysis.playbook import ChecklistItem, Cue, Label, Playbook, Texts, names_of
from services.kernel.errors import InvalidInput

Place = tuple[int | str, ...]
Fault = tuple[Place, str]


class PlaybookInvalid(InvalidInput):
    """A playbook cannot be used; the text names file, line, place and what to do."""


def load_playbooks(directory: Path) -> Mapping[str, Playbook]:
    """Read every `<name>.yaml` of a directory. Raises PlaybookInvalid, also when there is none."""
    playbooks = {}
    for path in sorted(directory.glob("*.yaml")):
        playbook = parse_playbook(path.read_text(encoding="utf-8"), source=path.name)
        if playbook.name != path.stem:
            raise PlaybookInvalid(
                f"{path.name}: name: is {playbook.name!r}: make it {path.stem!r}, as the file"
            )
        playbooks[playbook.name] = playbook
    if not playbooks:
        raise PlaybookInvalid(f"{directory} holds no playbook: put a <name>.yaml there")
    return playbooks


def parse_playbook(text: str, *, source: str) -> Playbook:
    """Return the playbook of a YAML text. Raises PlaybookInvalid with every fault, one a line."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        playbook = Playbook.model_validate(yaml.safe_load(text))
        faults = list(_dangling(playbook))
    except yaml.YAMLError as error:
        raise PlaybookInvalid(f"{source} is not YAML: {error}") from error
    except ValidationError as error:
        faults = [(fault["loc"], fault["msg"]) for fault in error.errors(include_url=False)]
    if faults:
        lines = (
            f"{source}, line {_line(root, place)}: {'.'.join(map(str, place)) or 'file'}: {fault}"
            for place, fault in faults
        )
        raise PlaybookInvalid("\n".join(lines))
    return playbook


def _dangling(playbook: Playbook) -> Iterator[Fault]:
    """Find names that are declared twice, and references to names that are declared nowhere."""
    choices = {
        "call_types": playbook.call_types,
        "outcomes": playbook.outcomes,
        "sentiments": playbook.sentiments,
    }
    labels: dict[Place, tuple[Label, ...]] = {
        **{(field, "labels"): choice.labels for field, choice in choices.items()},
        ("objections",): playbook.objections,
        ("client_facts",): playbook.client_facts,
    }
    types, outcomes = names_of(playbook.call_types.labels), names_of(playbook.outcomes.labels)
    for field, choice in choices.items():
        yield from _unknown((field, "fallback"), [choice.fallback], names_of(choice.labels))
    yield from _twice(("checklist",), playbook.checklist)
    for place, group in labels.items():
        yield from _twice(place, group)
        for index, label in enumerate(group):
            yield from _unknown((*place, index, "types"), label.types, types)
    for index, item in enumerate(playbook.checklist):
        place = ("checklist", index, "applies")
        yield from _unknown((*place, "types"), item.applies.types, types)
        yield from _unknown((*place, "outcomes"), item.applies.outcomes, outcomes)
    yield from _untranslated(playbook, labels)
    yield from _bad_words(playbook, labels)


def _unknown(place: Place, used: Iterable[str], declared: set[str]) -> Iterator[Fault]:
    for name in used:
        if name not in declared:
            yield place, f"{name!r} is not declared: use one of {sorted(declared)}"


def _twice(place: Place, parts: Iterable[Label | ChecklistItem]) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, part in enumerate(parts):
        if part.name in seen:
            yield (*place, index, "name"), f"{part.name!r} is taken: rename one of the two"
        seen.add(part.name)


def _untranslated(playbook: Playbook, labels: Mapping[Place, tuple[Label, ...]]) -> Iterator[Fault]:
    """Find texts that are not in exactly the languages of the playbook."""
    texts: list[tuple[Place, Texts]] = [
        ((*place, index, "title"), label.title)
        for place, group in labels.items()
        for index, label in enumerate(group)
    ]
    for index, item in enumerate(playbook.checklist):
        texts += [
            (("checklist", index, "title"), item.title),
            (("checklist", index, "advice", "text"), item.advice.text),
            (("checklist", index, "advice", "why"), item.advice.why),
        ]
    texts += [(("summary", name), sentence) for name, sentence in playbook.summary]
    for place, text in texts:
        if set(text) != set(playbook.languages):
            yield place, f"is in {sorted(text)}: write it in {sorted(playbook.languages)}"


def _bad_words(playbook: Playbook, labels: Mapping[Place, tuple[Label, ...]]) -> Iterator[Fault]:
    for name, words in playbook.vocabulary.items():
        for index, word in enumerate(words):
            terms = parse_phrase(word)
            if len(terms) > 1 or any(
                key.startswith("@") and key not in BUILT_IN for key in terms[0]
            ):
                yield ("vocabulary", name, index), f"{word!r} is not one word: write a phrase of it"
    cues: list[tuple[Place, Cue]] = [
        ((*place, index, "signals", number), signal)
        for place, group in labels.items()
        for index, label in enumerate(group)
        for number, signal in enumerate(label.signals)
    ]
    cues += [
        (("checklist", index, "steps", number), step)
        for index, item in enumerate(playbook.checklist)
        for number, step in enumerate(item.steps)
    ]
    cues += [(("agreements", index), cue) for index, cue in enumerate(playbook.agreements)]
    for place, cue in cues:
        for index, phrase in enumerate(cue.phrases):
            keys = {key for term in parse_phrase(phrase) for key in term} - BUILT_IN
            lists = sorted(key[1:] for key in keys if key.startswith("@"))
            yield from _unknown((*place, "phrases", index), lists, set(playbook.vocabulary))


def _line(root: yaml.Node | None, place: Place) -> int:
    """Return the line of the deepest node on the way to a place, from 1."""
    node = root
    for step in place:
        below: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            below = next((value for key, value in node.value if key.value == step), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            below = node.value[step] if step < len(node.value) else None
        if below is None:
            break
        node = below
    return node.start_mark.line + 1 if node else 1
