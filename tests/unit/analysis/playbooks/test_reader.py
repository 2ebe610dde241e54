from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analysis.calls.domain import CheckedItem, ItemStatus, Judgement, Objection
from services.analysis.calls.labels import undeclared
from services.analysis.playbooks.domain import ChecklistItem, Label, Playbook
from services.analysis.playbooks.phrases import parse_phrase
from services.analysis.playbooks.reader import PlaybookInvalid, load_playbooks, parse_playbook
from tests.builders.analysis import PLAYBOOKS, clinic, sales

CLINIC = (PLAYBOOKS / "clinic.yaml").read_text(encoding="utf-8")


def _line_of(text: str) -> int:
    return CLINIC[: CLINIC.index(text)].count("\n") + 1


def _refusal(text: str) -> str:
    with pytest.raises(PlaybookInvalid) as raised:
        parse_playbook(text, source="clinic.yaml")
    return str(raised.value)


def test_the_clinic_playbook_declares_what_the_product_promises() -> None:
    playbook = clinic()

    assert [label.name for label in playbook.call_types.labels] == [
        "new_booking",
        "reschedule",
        "price_inquiry",
        "info",
        "complaint",
        "wrong_number",
        "other",
    ]
    assert {label.name for label in playbook.outcomes.labels} == {
        "booked",
        "rescheduled",
        "cancelled",
        "thinking",
        "refused",
        "callback_promised",
        "no_action",
        "other",
    }
    assert {o.name for o in playbook.objections} == {
        "price",
        "competitor",
        "time",
        "trust",
        "other",
    }
    assert {s.name for s in playbook.sentiments.labels} == {"positive", "neutral", "negative"}


@pytest.mark.parametrize("playbook", [clinic(), sales()], ids=lambda each: each.name)
def test_the_packaged_playbooks_say_what_each_label_means(playbook: Playbook) -> None:
    choices = (playbook.call_types, playbook.outcomes, playbook.sentiments)
    named: list[Label | ChecklistItem] = [
        *(label for choice in choices for label in choice.labels),
        *playbook.objections,
        *playbook.client_facts,
        *playbook.checklist,
    ]
    assert [each.name for each in named if each.definition is None] == []
    assert [each.name for each in named if not each.examples.shows] == ["neutral"]


def test_the_hash_follows_the_content_and_not_the_layout() -> None:
    playbook = parse_playbook(CLINIC, source="clinic.yaml")
    commented = parse_playbook("# a note\n" + CLINIC, source="clinic.yaml")
    changed = parse_playbook(CLINIC.replace("ru: цена,", "ru: деньги,", 1), source="clinic.yaml")

    assert commented.hash == playbook.hash != changed.hash


@pytest.mark.parametrize(
    ("old", "new", "place", "advice"),
    [
        ("    weight: 3\n    applies:\n", "    weight: 0\n    applies:\n", "weight", "more than 0"),
        ("skill: contact", "skil: contact", "checklist.0.skil", "remove it"),
        ("fallback: other", "fallback: nothing", "call_types.fallback", "use one of"),
        ("outcomes: [booked,", "outcomes: [boked,", "applies.outcomes", "'boked' is not declared"),
        ("name: reschedule", "name: new_booking", "labels.1.name", "rename one of the two"),
        ('"@place", rec', '"@plase", rec', "phrases.1", "'plase' is not declared"),
        ("- wrong number", "- wrong (number)", "signals.0.phrases", "'(number)'"),
        ("- пятница", "- пятница днём", "vocabulary.day.4", "is not one word"),
        ("by: operator", "by: agent", "by", "'operator', 'client' or 'anyone'"),
        ("Итог: {}.", "Итог.", "summary.outcome.ru", "pattern"),
        ("en: complaint", "de: complaint", "labels.4.title", "write it in ['en', 'ru']"),
        ("ru: справка, ", "", "labels.3.title", "write it in ['en', 'ru']"),
        ("languages: [ru, en]", "languages: []", "languages", "at least 1 item"),
        (
            "        en: What the client asks for first is a price.\n",
            "",
            "definition",
            "write it in",
        ),
        (
            "What the client asks for first is a price.",
            "price " * 84,
            "labels.2.definition.en",
            "at most 500 characters",
        ),
        (
            '["Администратор Анна."]',
            '["Анна", "Анна", "Анна", "Анна"]',
            "examples.shows",
            "at most 3",
        ),
        ('["Администратор Анна."]', '[""]', "checklist.1.examples.shows.0", "at least 1 character"),
        ('["Угу."]', f'["{"угу " * 51}"]', "examples.does_not_show.0", "at most 200 characters"),
        ("examples: {shows:", "examples: {show:", "examples.show", "remove it"),
    ],
)
def test_a_fault_is_told_with_file_line_place_and_what_to_do(
    old: str, new: str, place: str, advice: str
) -> None:
    refusal = _refusal(CLINIC.replace(old, new, 1))

    assert refusal.startswith("clinic.yaml, line ")
    assert place in refusal
    assert advice in refusal


def test_the_line_of_a_fault_is_the_line_in_the_file() -> None:
    refusal = _refusal(CLINIC.replace("- wrong number", "- wrong (number)", 1))

    assert refusal.startswith(f"clinic.yaml, line {_line_of('- wrong number')}: ")


@pytest.mark.parametrize(
    ("old", "new", "line", "fault"),
    [
        ("languages: [ru, en]", "languages: [ru, en", 2, "a flow sequence from line 3 on"),
        ("languages: [ru, en]", "\tlanguages: [ru, en]", 0, "is not YAML: found character '\\t'"),
        ("languages: [ru, en]", "languages: *all", 0, "is not YAML: found undefined alias 'all'"),
        ("languages: [ru, en]", "languages: \x07", 0, "the character '\\x07' may not stand in it"),
        ("languages: [ru, en]", "languages: [ru, en]\nname: a", 1, "'name' is written twice"),
        (
            "    skill: contact",
            "    skill: contact\n    skill: offer",
            1,
            "'skill' is written twice",
        ),
    ],
)
def test_a_fault_of_the_yaml_itself_is_told_with_its_line(
    old: str, new: str, line: int, fault: str
) -> None:
    refusal = _refusal(CLINIC.replace(old, new, 1))

    assert refusal.startswith(f"clinic.yaml, line {_line_of(old) + line}: ")
    assert fault in refusal


def test_a_fault_is_told_once() -> None:
    refusal = _refusal(CLINIC.replace('"@place", rec', '"(place)", rec', 1))

    assert len(refusal.splitlines()) == 1
    assert "'(place)'" in refusal


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"name: clinic\ntitle: \xff\xfe\n", r"clinic\.yaml, line 2: is not UTF-8"),
        (None, r"clinic\.yaml cannot be read: Is a directory"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_name(
    tmp_path: Path, content: bytes | None, fault: str
) -> None:
    file = tmp_path / "clinic.yaml"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)

    with pytest.raises(PlaybookInvalid, match=fault):
        load_playbooks(tmp_path)


def test_all_faults_are_told_at_once() -> None:
    broken = CLINIC.replace("skill: contact", "skill: Contact").replace("name: clinic\n", "", 1)

    assert len(_refusal(broken).splitlines()) == CLINIC.count("skill: contact") + 1


@pytest.mark.parametrize("text", ["", "[", "name: clinic", "- 1", "? [a]\n: b", "!!python/none"])
def test_what_is_no_playbook_is_refused_by_name(text: str) -> None:
    assert _refusal(text).startswith("clinic.yaml")


def test_a_playbook_must_be_named_as_its_file(tmp_path: Path) -> None:
    (tmp_path / "dentist.yaml").write_text(CLINIC, encoding="utf-8")

    with pytest.raises(PlaybookInvalid, match=r"dentist\.yaml.*make it 'dentist'"):
        load_playbooks(tmp_path)


def test_a_directory_without_playbooks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlaybookInvalid, match="holds no playbook"):
        load_playbooks(tmp_path)


@given(st.text(max_size=30))
def test_any_text_is_a_phrase_or_a_value_error(text: str) -> None:
    try:
        terms = parse_phrase(text)
    except ValueError:
        return
    assert terms
    assert all(term and all(term) for term in terms)


def test_labels_no_playbook_declares_are_named() -> None:
    judgement = Judgement(
        call_type="sale",
        outcome="booked",
        sentiment="neutral",
        summary="",
        objections=(Objection(kind="weather", quote=None),),
        checklist=(CheckedItem(item="greeting", status=ItemStatus.COMPLETED),),
    )

    faults = undeclared(judgement, clinic())

    assert [fault.split(" is not ")[0] for fault in faults] == [
        "call_type: 'sale'",
        "objections: 'weather'",
    ]


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("2026-99-99", "name: '2026-99-99' is no usable timestamp: write another value"),
        ("2026-11-30", "name: must be a valid string"),
        ("0000-00-00 00:00:00", "name: '0000-00-00 00:00:00' is no usable timestamp"),
        ("9" * 5000, "name: '99999999999999999999…' is no usable int"),
        ("-" + "9" * 5000, "is no usable int"),
        ("!!int x", "name: 'x' is no usable int"),
        ("!!timestamp x", "name: 'x' is no usable timestamp"),
        ("!!bool x", "name: 'x' is no usable bool"),
        ("!!python/object:os.system x", "could not determine a constructor"),
        ("[" * 5000, "nested more than 30 deep"),
        ("[" * 5000 + "]" * 5000, "nested more than 30 deep"),
        ("{" * 5000, "nested more than 30 deep"),
        ("{[a]: 1}", "unhashable key"),
        ("a" * 200_000, "characters, where 200000 are allowed"),
        ("&a [*a]", "name: must be a valid string"),
    ],
    ids=range(15),
)
def test_a_value_that_cannot_be_read_is_refused_with_its_line_and_key(
    value: str, fault: str
) -> None:
    refusal = _refusal(f"name: {value}\n")

    assert refusal.startswith("clinic.yaml, line 1: ")
    assert fault in refusal


@pytest.mark.parametrize("opens", ["- ", "? ", "a: [", "[\n"])
def test_depth_in_any_notation_is_refused(opens: str) -> None:
    assert "nested more than 30 deep" in _refusal(opens * 3000)


def test_a_wrong_value_within_the_text_is_told_by_its_whole_path() -> None:
    text = CLINIC.replace(
        "    weight: 3\n    applies:\n", f"    weight: {'9' * 5000}\n    applies:\n", 1
    )

    assert "weight: '99999999999999999999…' is no usable int" in _refusal(text)
    line = _line_of("    weight: 3\n    applies:\n")
    assert _refusal(text).startswith(f"clinic.yaml, line {line}: checklist.")


def test_of_very_many_faults_the_first_are_told_and_the_rest_counted() -> None:
    refusal = _refusal("".join(f"a{number}: 1\n" for number in range(2000))).splitlines()

    assert len(refusal) == 101
    assert refusal[-1].endswith("faults more")
