"""Texts of meetings as turns, and names by the times at which people spoke."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.transcription.dialogue import turns
from services.transcription.domain import (
    CallId,
    MeetingMedia,
    NoSpeech,
    RecordingTooLarge,
    Speaker,
    SpokenInterval,
    Track,
    Word,
)
from services.transcription.meeting_text import LONGEST_TURN, MOST_TURNS, read_meeting


def read(text: str) -> list[tuple[str, str]]:
    transcript = read_meeting(CallId("bot-1"), MeetingMedia(language="ru", text=text))
    assert transcript.model == "text"
    return [(segment.name, segment.text) for segment in transcript.segments]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Анна: да", "Анна"),
        ("Анна Петрова: да", "Анна Петрова"),
        ("Анна (маркетинг): да", "Анна"),
        ("**Анна:** да", "Анна"),
        ("[00:12:07] Анна: да", "Анна"),
        ("12:07 - Анна: да", "Анна"),
        ("Speaker 1: да", "Speaker 1"),
        ("Жан-Поль О'Нил: да", "Жан-Поль О'Нил"),
    ],
)
def test_a_line_with_a_name_is_a_turn_of_that_speaker(line: str, name: str) -> None:
    assert read(line) == [(name, "да")]


@pytest.mark.parametrize(
    "line",
    [
        "Итак: начали",
        "Решили: едем",
        "Вот что важно: сроки",
        "Встреча в 15:30",
        "https://example.org/a: страница",
        "Note: see below",
    ],
)
def test_a_colon_alone_makes_no_name(line: str) -> None:
    assert read(line) == [("", line)]


def test_lines_without_a_name_go_on_with_the_speaker_before() -> None:
    assert read("Анна: первое.\n\nвторое.\nБорис:\nтретье.") == [
        ("Анна", "первое."),
        ("Анна", "второе."),
        ("Борис", "третье."),
    ]


def test_a_long_paragraph_is_cut_at_its_sentences() -> None:
    paragraph = " ".join(f"Предложение номер {n}." for n in range(200))

    said = [text for _, text in read(paragraph)]

    assert " ".join(said) == paragraph
    assert all(len(text) <= LONGEST_TURN and text.endswith(".") for text in said)


@given(st.text(max_size=3000))
def test_no_word_of_a_text_is_lost(text: str) -> None:
    try:
        said = "".join(name + words for name, words in read(text))
    except NoSpeech:
        assert not any(character.isalnum() for character in text)
        return
    for word in unicodedata.normalize("NFC", text).split():
        said = unicodedata.normalize("NFC", said)
        assert all(character in said or not character.isalpha() for character in word)


def test_a_text_of_too_many_turns_is_refused() -> None:
    with pytest.raises(RecordingTooLarge, match=str(MOST_TURNS)):
        read("да\n" * (MOST_TURNS + 1))


def named(
    *words: tuple[float, float, str], speakers: tuple[SpokenInterval, ...]
) -> list[tuple[str, str]]:
    track = Track(
        speaker=Speaker.UNKNOWN,
        language="ru",
        words=tuple(
            Word(start=start, end=end, text=f" {text}", probability=1.0)
            for start, end, text in words
        ),
    )
    return [(turn.name, turn.text) for turn in turns([track], speakers)]


def spoke(name: str, start: float, end: float) -> SpokenInterval:
    return SpokenInterval(speaker_name=name, start_seconds=start, end_seconds=end)


def test_a_turn_has_the_name_of_who_spoke_longest_during_it() -> None:
    said = named(
        (0.0, 2.0, "Начнём."),
        (2.1, 4.0, "Давайте."),
        speakers=(spoke("Анна", 0.0, 2.3), spoke("Борис", 2.2, 4.0)),
    )
    assert said == [("Анна", "Начнём."), ("Борис", "Давайте.")]


def test_a_speaker_who_is_noticed_late_still_has_the_turn_and_a_far_one_has_not() -> None:
    said = named((0.0, 1.0, "Да."), (9.0, 9.5, "Нет."), speakers=(spoke("Анна", 1.4, 2.0),))
    assert said == [("Анна", "Да."), ("", "Нет.")]


def test_sentences_of_one_speaker_are_one_turn_and_without_times_nobody_has_a_name() -> None:
    words = ((0.0, 1.0, "Раз."), (1.1, 2.0, "Два."))
    assert named(*words, speakers=(spoke("Анна", 0.0, 2.0),)) == [("Анна", "Раз. Два.")]
    assert named(*words, speakers=()) == [("", "Раз. Два.")]
