"""Who says what in one channel: named where the words tell, and nobody blamed for a guess."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.transcription.dialogue import transcript
from services.transcription.domain import (
    CallId,
    Recognition,
    Segment,
    Speaker,
    SpokenInterval,
    Track,
    Word,
)
from services.transcription.roles import guess_speakers

OPERATOR, CLIENT, UNKNOWN = Speaker.OPERATOR, Speaker.CLIENT, Speaker.UNKNOWN


def a_call(*texts: str) -> list[Segment]:
    """Return turns of one channel, two seconds each, half a second apart."""
    return [
        Segment(speaker=UNKNOWN, start_seconds=2.5 * n, end_seconds=2.5 * n + 2, text=text)
        for n, text in enumerate(texts)
    ]


def guessed(*texts: str) -> list[Speaker]:
    return [turn.speaker for turn in guess_speakers(a_call(*texts))]


@pytest.mark.parametrize(
    ("text", "speaker"),
    [
        ("Автосервис Мотор, мастер Сергей, добрый день.", OPERATOR),
        ("Good morning, City Dental, this is Anna speaking.", OPERATOR),
        ("Чем могу вам помочь?", OPERATOR),
        ("Как вас зовут?", OPERATOR),
        ("May I have your name and phone number, please?", OPERATOR),
        ("Записала вас на пятницу.", OPERATOR),
        ("Хочу записаться к окулисту.", CLIENT),
        ("Сколько стоит чистка?", CLIENT),
        ("I would like to make an appointment.", CLIENT),
        ("Ой, я ошиблась номером.", CLIENT),
        ("Здравствуйте, это клиника?", CLIENT),
    ],
)
def test_signs_of_a_side_name_it(text: str, speaker: Speaker) -> None:
    assert guessed(text) == [speaker]


@pytest.mark.parametrize(
    "text",
    [
        "Да.",
        "В среду в девять.",
        "Perfect.",
        "Хорошо, можно я перезвоню вам в пятницу?",  # either side says so
        "Здравствуйте, я оплатил на сайте компании диван.",
        "Bonjour, je voudrais prendre rendez-vous.",
        # two people whom the recogniser heard as one
        "My car makes a noise I am sorry to hear that what car do you drive and how old is it may I have your name",
    ],
)
def test_what_either_side_may_say_stays_unknown(text: str) -> None:
    assert guessed(text) == [UNKNOWN]


def test_a_sign_of_both_sides_is_none() -> None:
    assert guessed("Хочу спросить, как вас зовут?") == [UNKNOWN]


@given(st.lists(st.text(max_size=60), max_size=12))
def test_whatever_is_said_no_turn_is_lost_or_changed(texts: list[str]) -> None:
    turns = a_call(*texts)

    found = guess_speakers(turns)

    assert [turn.text for turn in found] == texts
    assert [turn.start_seconds for turn in found] == [turn.start_seconds for turn in turns]


def heard(*sides: Speaker) -> Recognition:
    words = (
        Word(start=0.0, end=1.0, text=" Чем могу помочь?", probability=0.9),
        Word(start=1.2, end=2.0, text=" Хочу записаться.", probability=0.8),
    )
    return Recognition(
        language="ru",
        duration_seconds=3.0,
        channels=len(sides),
        overlap_reliable=len(sides) > 1,
        model="whisper-base@0",
        tracks=tuple(Track(speaker=side, language="ru", words=words) for side in sides),
    )


def test_a_guess_is_marked_as_one_and_keeps_the_words() -> None:
    made = transcript(CallId("c1"), heard(UNKNOWN), guess=True)

    assert made.speakers_guessed
    assert [(turn.speaker, turn.words[0].probability) for turn in made.segments] == [
        (OPERATOR, 0.9),
        (CLIENT, 0.8),
    ]


def test_channels_tell_their_speakers_and_nothing_is_guessed() -> None:
    made = transcript(CallId("c1"), heard(CLIENT, OPERATOR), guess=True)

    assert not made.speakers_guessed
    assert {turn.speaker for turn in made.segments if "помочь" in turn.text} == {OPERATOR, CLIENT}


def test_in_a_meeting_nobody_is_operator_or_client() -> None:
    anna = SpokenInterval(speaker_name="Анна", start_seconds=0.0, end_seconds=3.0)
    made = transcript(CallId("bot-1"), heard(UNKNOWN), [anna])

    assert not made.speakers_guessed
    assert {turn.speaker for turn in made.segments} == {UNKNOWN}
