"""In which language a voice is heard, and when nobody can be sure of that."""

from dataclasses import replace

import pytest

from services.transcription.domain import Speaker, Track, Word
from services.transcription.languages import (
    FEW_WORDS,
    Detection,
    LanguageChoice,
    choose,
    heard_languages,
    joined,
)

OPERATOR, CLIENT = Speaker.OPERATOR, Speaker.CLIENT


def a_voice(seconds: float = 20.0, **probabilities: float) -> Detection:
    return Detection(seconds=seconds, probabilities=probabilities)


def a_track(language: str, probability: float, *words: float, speaker: Speaker = CLIENT) -> Track:
    return Track(
        speaker=speaker,
        language=language,
        language_probability=probability,
        words=tuple(
            Word(start=float(n), end=n + 0.5, text=" слово", probability=sure)
            for n, sure in enumerate(words)
        ),
    )


@pytest.mark.parametrize(
    ("voice", "language", "probability"),
    [
        (a_voice(ru=0.98, uk=0.01), "ru", 0.98),
        (a_voice(lt=0.27, ru=0.45), "ru", 0.45),  # names and foreign words
        (a_voice(en=0.99), "en", 0.99),
        (a_voice(en=0.7, ru=0.3), "ru", 0.3),  # neither is plain
        (a_voice(), "ru", 0.0),  # too little to tell
    ],
)
def test_a_voice_is_heard_in_the_expected_language_unless_another_is_plain(
    voice: Detection, language: str, probability: float
) -> None:
    assert choose({CLIENT: voice}, "ru") == {
        CLIENT: LanguageChoice(language=language, probability=probability)
    }


def test_who_says_little_is_heard_in_the_language_of_the_other() -> None:
    chosen = choose({OPERATOR: a_voice(en=0.97), CLIENT: a_voice(seconds=0.5)}, "ru")

    assert chosen[CLIENT] == LanguageChoice(language="en", probability=0.0)


def test_each_voice_is_heard_in_its_own_language() -> None:
    chosen = choose({OPERATOR: a_voice(ru=0.9), CLIENT: a_voice(en=0.95)}, "ru")

    assert [each.language for each in chosen.values()] == ["ru", "en"]


def test_who_shows_no_language_is_heard_in_that_of_whoever_says_most() -> None:
    voices = {
        Speaker.UNKNOWN: a_voice(seconds=3.0, de=0.9),
        OPERATOR: a_voice(seconds=30.0, en=0.9),
        CLIENT: a_voice(seconds=5.0, en=0.3, cy=0.4),
    }

    assert choose(voices, "ru")[CLIENT] == LanguageChoice(language="en", probability=0.3)


@pytest.mark.parametrize(
    ("track", "unsure"),
    [
        (a_track("ru", 0.98, 0.9, 0.8), False),
        (a_track("ru", 0.98, 0.2, 0.3), False),  # a bad line in a plain language
        (a_track("ru", 0.6, 0.9, 0.8), False),
        (a_track("ru", 0.6, 0.5, 0.3), True),  # both signs
        (a_track("ru", 0.3, 0.9, 0.8), True),  # nothing plain
        (a_track("en", 0.95, 0.9, 0.8), False),
        (a_track("en", 0.95, 0.5, 0.3), True),  # nobody expected it, and its words are unsure
        (a_track("ru", 0.0, 0.1), False),  # an "Алло" in which no language was looked for
        (a_track("en", 0.95, 0.0, 0.0), False),  # an engine that does not say how sure it is
    ],
)
def test_a_language_is_unsure_by_its_sound_or_by_both_signs(track: Track, unsure: bool) -> None:
    said = replace(track, words=track.words * FEW_WORDS)

    assert [each.unsure for each in heard_languages([said], "ru")] == [unsure]


def test_a_few_words_that_noise_made_are_no_reason_to_doubt_a_call() -> None:
    [heard] = heard_languages([a_track("ru", 0.2, 0.3, 0.2, 0.4)], "ru")

    assert not heard.unsure


def test_the_parts_of_a_voice_are_weighed_by_their_words() -> None:
    [russian, english] = heard_languages(
        [a_track("ru", 0.9, 0.8, 0.8, 0.8), a_track("en", 0.9, 0.7), a_track("ru", 0.5, 0.4)], "ru"
    )

    assert russian.words == 4
    assert russian.probability == pytest.approx(0.8)
    assert russian.word_probability == pytest.approx(0.7)
    assert (english.language, english.words) == ("en", 1)


def test_parts_of_a_voice_are_one_track_for_each_language() -> None:
    made = joined(
        [
            a_track("ru", 0.9),
            a_track("ru", 0.9, speaker=OPERATOR),
            a_track("ru", 0.8, 0.7),
            a_track("en", 0.9, 0.6),
            a_track("ru", 0.5, 0.4, 0.4),
        ]
    )

    assert [(each.speaker, each.language, len(each.words)) for each in made] == [
        (CLIENT, "ru", 3),
        (OPERATOR, "ru", 0),  # who says nothing has a channel still
        (CLIENT, "en", 1),
    ]
    assert made[0].language_probability == pytest.approx(0.6)


def test_a_track_without_words_was_heard_in_no_language() -> None:
    assert heard_languages([a_track("ru", 0.9)], "ru") == ()
