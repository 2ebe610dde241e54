"""Reads playbooks from YAML files, and says of every fault where it is and what to do."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from services.analysis.playbooks.classifier import Classifier, parse_classifier
from services.analysis.playbooks.domain import ChecklistItem, Cue, Label, Playbook, Texts, names_of
from services.analysis.playbooks.phrases import BUILT_IN, parse_phrase
from services.analysis.playbooks.yaml_lines import KeyPath, YamlFault, line_of, read_yaml
from services.kernel.errors import InvalidInput
from services.kernel.faults import fault_sentence

Fault = tuple[KeyPath, str]

CLASSIFIER_SUFFIX = ".classifier.json"

MOST_FAULTS = 100
"""Faults that are told at a time."""


class PlaybookInvalid(InvalidInput):
    """A playbook cannot be used; the text names file, line, key and what to do."""


def load_playbooks(directory: Path) -> Mapping[str, Playbook]:
    """Read every `<name>.yaml` of a directory, and what was learnt for it, `<name>.classifier.json`.

    Raises PlaybookInvalid, also when there is no playbook.
    """
    playbooks = {}
    for path in sorted(directory.glob("*.yaml")):
        playbook = parse_playbook(_read(path), source=path.name)
        if playbook.name != path.stem:
            raise PlaybookInvalid(
                f"{path.name}: name: is {playbook.name!r}: make it {path.stem!r}, as the file"
            )
        classifier = _classifier(path.with_suffix(CLASSIFIER_SUFFIX), playbook)
        playbooks[playbook.name] = playbook.model_copy(update={"classifier": classifier})
    if not playbooks:
        raise PlaybookInvalid(f"{directory} holds no playbook: put a <name>.yaml there")
    return playbooks


def parse_playbook(text: str, *, source: str) -> Playbook:
    """Return the playbook of a YAML text. Raises PlaybookInvalid with every fault, up to `MOST_FAULTS`, one a line."""
    try:
        root, content, repeated = read_yaml(text)
    except YamlFault as fault:
        where = _dotted(fault.path) or "is not YAML"
        raise PlaybookInvalid(f"{source}, line {fault.line}: {where}: {fault}") from fault
    told = [
        f"{source}, line {line}: {key!r} is written twice: remove one of the two"
        for line, key in repeated
    ]
    try:
        playbook = Playbook.model_validate(content)
        faults = list(_dangling(playbook))
    except ValidationError as error:
        faults = _faults(error)
    told += [
        f"{source}, line {line_of(root, path)}: {_dotted(path) or 'file'}: {fault}"
        for path, fault in faults[:MOST_FAULTS]
    ]
    if len(faults) > MOST_FAULTS:
        told.append(f"{source}: and {len(faults) - MOST_FAULTS} faults more")
    if told:
        raise PlaybookInvalid("\n".join(told))
    return playbook


def _classifier(path: Path, playbook: Playbook) -> Classifier | None:
    """Read the classifier beside a playbook, None where there is none. Raises PlaybookInvalid."""
    if not path.exists():
        return None
    mend = "take the file away, then phrases decide alone"
    try:
        classifier = parse_classifier(path.read_bytes())
    except (ValidationError, OSError) as error:
        raise PlaybookInvalid(f"{path.name}: is no classifier: {mend}") from error
    declared = {
        "call_type": playbook.call_types,
        "outcome": playbook.outcomes,
        "sentiment": playbook.sentiments,
    }
    for field, choice in declared.items():
        if learnt := classifier.fields.get(field):
            for name in sorted(set(learnt.labels) - names_of(choice.labels)):
                raise PlaybookInvalid(
                    f"{path.name}: {field}: {name!r} is not declared by {playbook.name}: keep the label, or {mend}"
                )
    return classifier


def _dotted(path: KeyPath) -> str:
    return ".".join(map(str, path))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise PlaybookInvalid(f"{path.name}, line {line}: is not UTF-8: save it as that") from error
    except OSError as error:
        raise PlaybookInvalid(f"{path.name} cannot be read: {error.strerror}") from error


def _faults(error: ValidationError) -> list[Fault]:
    """Return what is wrong, without what only follows: a list is too short once its parts are refused."""
    faults = [
        (fault["loc"], fault_sentence(fault["msg"]), fault["type"])
        for fault in error.errors(include_url=False)
    ]
    paths = [path for path, _, _ in faults]
    return [
        (path, message)
        for path, message, kind in faults
        if kind != "too_short"
        or not any(len(other) > len(path) and other[: len(path)] == path for other in paths)
    ]


def _dangling(playbook: Playbook) -> Iterator[Fault]:
    """Find names that are declared twice, and references to names that are declared nowhere."""
    choices = {
        "call_types": playbook.call_types,
        "outcomes": playbook.outcomes,
        "sentiments": playbook.sentiments,
    }
    labels: dict[KeyPath, tuple[Label, ...]] = {
        **{(field, "labels"): choice.labels for field, choice in choices.items()},
        ("objections",): playbook.objections,
        ("client_facts",): playbook.client_facts,
    }
    types, outcomes = names_of(playbook.call_types.labels), names_of(playbook.outcomes.labels)
    for field, choice in choices.items():
        yield from _unknown((field, "fallback"), [choice.fallback], names_of(choice.labels))
    yield from _twice(("checklist",), playbook.checklist)
    for path, group in labels.items():
        yield from _twice(path, group)
        for index, label in enumerate(group):
            yield from _unknown((*path, index, "types"), label.types, types)
    for index, item in enumerate(playbook.checklist):
        path = ("checklist", index, "applies")
        yield from _unknown((*path, "types"), item.applies.types, types)
        yield from _unknown((*path, "outcomes"), item.applies.outcomes, outcomes)
    yield from _untranslated(playbook, labels)
    yield from _bad_words(playbook, labels)


def _unknown(path: KeyPath, used: Iterable[str], declared: set[str]) -> Iterator[Fault]:
    for name in used:
        if name not in declared:
            yield path, f"{name!r} is not declared: use one of {sorted(declared)}"


def _twice(path: KeyPath, parts: Iterable[Label | ChecklistItem]) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, part in enumerate(parts):
        if part.name in seen:
            yield (*path, index, "name"), f"{part.name!r} is taken: rename one of the two"
        seen.add(part.name)


def _untranslated(
    playbook: Playbook, labels: Mapping[KeyPath, tuple[Label, ...]]
) -> Iterator[Fault]:
    """Find texts that are not in exactly the languages of the playbook."""
    texts: list[tuple[KeyPath, Texts]] = []
    named: Mapping[KeyPath, tuple[Label | ChecklistItem, ...]] = {
        **labels,
        ("checklist",): playbook.checklist,
    }
    for path, group in named.items():
        for index, each in enumerate(group):
            texts.append(((*path, index, "title"), each.title))
            if each.definition is not None:
                texts.append(((*path, index, "definition"), each.definition))
    for index, item in enumerate(playbook.checklist):
        texts += [
            (("checklist", index, "advice", "text"), item.advice.text),
            (("checklist", index, "advice", "why"), item.advice.why),
        ]
    texts += [(("summary", name), sentence) for name, sentence in playbook.summary]
    for path, text in texts:
        if set(text) != set(playbook.languages):
            yield path, f"is in {sorted(text)}: write it in {sorted(playbook.languages)}"


def _bad_words(playbook: Playbook, labels: Mapping[KeyPath, tuple[Label, ...]]) -> Iterator[Fault]:
    for name, words in playbook.vocabulary.items():
        for index, word in enumerate(words):
            terms = parse_phrase(word)
            if len(terms) > 1 or any(
                key.startswith("@") and key not in BUILT_IN for key in terms[0]
            ):
                yield ("vocabulary", name, index), f"{word!r} is not one word: write a phrase of it"
    cues: list[tuple[KeyPath, Cue]] = [
        ((*path, index, "signals", number), signal)
        for path, group in labels.items()
        for index, label in enumerate(group)
        for number, signal in enumerate(label.signals)
    ]
    cues += [
        (("checklist", index, "steps", number), step)
        for index, item in enumerate(playbook.checklist)
        for number, step in enumerate(item.steps)
    ]
    cues += [(("agreements", index), cue) for index, cue in enumerate(playbook.agreements)]
    for path, cue in cues:
        for index, phrase in enumerate(cue.phrases):
            keys = {key for term in parse_phrase(phrase) for key in term} - BUILT_IN
            lists = sorted(key[1:] for key in keys if key.startswith("@"))
            yield from _unknown((*path, "phrases", index), lists, set(playbook.vocabulary))
