"""The dialogue made of the speakers' words."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.transcription.dialogue import PAUSE_SECONDS, segment, transcript, turns
from services.transcription.domain import CallId, Recognition, Segment, Speaker, Track, Word


def a_track(speaker: Speaker, *words: tuple[float, float, str], language: str = "ru") -> Track:
    return Track(
        speaker=speaker,
        language=language,
        words=tuple(
            Word(start=start, end=end, text=f" {text}", probability=1.0)
            for start, end, text in words
        ),
    )


def lines(dialogue: Sequence[Segment]) -> list[tuple[Speaker, str]]:
    return [(turn.speaker, turn.text) for turn in dialogue]


def test_segment_text_keeps_numbers_that_come_in_parts_together() -> None:
    words = tuple(
        Word(start=0.0, end=0.2, text=text, probability=0.9)
        for text in (" завтра", " в", " 15", "-30.")
    )
    assert segment(Speaker.CLIENT, words).text == "завтра в 15-30."


def test_segment_lasts_from_its_first_word_to_the_latest_end() -> None:
    track = a_track(Speaker.CLIENT, (1.0, 3.0, "раз"), (2.0, 2.5, "два"))
    made = segment(track.speaker, track.words)
    assert (made.start_seconds, made.end_seconds) == (1.0, 3.0)


def test_answers_stand_between_the_sentences_they_were_said_between() -> None:
    operator = a_track(
        Speaker.OPERATOR,
        (0.0, 0.5, "Добрый"),
        (0.5, 1.0, "день."),
        (1.7, 2.2, "Слушаю"),
        (2.2, 2.6, "вас."),
    )
    client = a_track(Speaker.CLIENT, (1.1, 1.5, "Алло!"), (2.7, 3.0, "Это"), (3.0, 3.4, "гараж?"))
    assert lines(turns([operator, client])) == [
        (Speaker.OPERATOR, "Добрый день."),
        (Speaker.CLIENT, "Алло!"),
        (Speaker.OPERATOR, "Слушаю вас."),
        (Speaker.CLIENT, "Это гараж?"),
    ]


def test_a_pause_ends_a_turn_and_a_breath_does_not() -> None:
    track = a_track(Speaker.CLIENT, (0.0, 1.0, "Я"), (1.8, 2.0, "подумаю"), (2.9, 3.0, "Нет"))
    assert lines(turns([track])) == [(Speaker.CLIENT, "Я подумаю"), (Speaker.CLIENT, "Нет")]


def test_sentences_of_one_speaker_are_one_turn_while_the_other_is_silent() -> None:
    track = a_track(Speaker.CLIENT, (0.0, 1.0, "Нет."), (1.2, 2.0, "Спасибо,"), (2.0, 2.5, "нет."))
    assert lines(turns([track])) == [(Speaker.CLIENT, "Нет. Спасибо, нет.")]


def test_a_word_inside_a_long_sentence_comes_after_it() -> None:
    operator = a_track(Speaker.OPERATOR, (0.0, 1.0, "Сейчас"), (1.0, 2.0, "посмотрю"))
    client = a_track(Speaker.CLIENT, (0.5, 0.7, "Да."))
    assert [turn.speaker for turn in turns([operator, client])] == [
        Speaker.OPERATOR,
        Speaker.CLIENT,
    ]


def test_nobody_speaking_is_an_empty_dialogue() -> None:
    assert turns([Track(speaker=Speaker.UNKNOWN, language="ru", words=())]) == ()


def test_transcript_carries_what_was_heard() -> None:
    track = a_track(Speaker.UNKNOWN, (0.0, 1.0, "Алло."))
    recognition = Recognition(
        language="ru",
        duration_seconds=2.5,
        channels=1,
        overlap_reliable=False,
        model="whisper-base@0",
        tracks=(track,),
    )
    made = transcript(CallId("c1"), recognition)
    assert (made.call_id, made.segments) == (CallId("c1"), turns([track]))
    for field in ("language", "duration_seconds", "channels", "overlap_reliable", "model"):
        assert getattr(made, field) == getattr(recognition, field)


def test_a_turn_is_in_one_language_and_most_words_tell_that_of_the_transcript() -> None:
    russian = a_track(Speaker.UNKNOWN, (0.0, 1.0, "Алло"))
    english = a_track(Speaker.UNKNOWN, (1.1, 2.0, "how"), (2.0, 2.5, "much"), language="en")
    recognition = Recognition(
        language="ru",
        duration_seconds=2.5,
        channels=1,
        overlap_reliable=False,
        model="whisper-base@0",
        tracks=(russian, english),
    )

    made = transcript(CallId("c1"), recognition)

    assert [(turn.text, turn.language) for turn in made.segments] == [
        ("Алло", "ru"),
        ("how much", "en"),
    ]
    assert made.language == "en"
    assert [(each.language, each.words) for each in made.languages] == [("en", 2), ("ru", 1)]


@st.composite
def tracks(draw: st.DrawFn, speaker: Speaker) -> Track:
    """Return a track as an engine gives it: words ordered by start, now and then overlapping."""
    seconds = st.floats(min_value=0.0, max_value=2.0)
    texts = st.sampled_from(["да", "нет.", "15", "-30", "почему?", "ну…"])
    start, words = 0.0, []
    for gap, length, text in draw(st.lists(st.tuples(seconds, seconds, texts), max_size=30)):
        start += gap
        words.append((start, start + length, text))
    return a_track(speaker, *words)


dialogues = st.tuples(tracks(Speaker.OPERATOR), tracks(Speaker.CLIENT))


@given(dialogues)
def test_no_word_is_lost_doubled_or_moved_within_its_speaker(dialogue: tuple[Track, Track]) -> None:
    made = turns(dialogue)
    for track in dialogue:
        said = [word for turn in made if turn.speaker is track.speaker for word in turn.words]
        assert said == list(track.words)


@given(dialogues)
def test_turns_are_ordered_by_their_start(dialogue: tuple[Track, Track]) -> None:
    starts = [turn.start_seconds for turn in turns(dialogue)]
    assert starts == sorted(starts)


@given(dialogues)
def test_neighbours_are_parted_by_speaker_or_pause(dialogue: tuple[Track, Track]) -> None:
    for turn, following in pairwise(turns(dialogue)):
        pause = following.start_seconds - turn.end_seconds
        assert turn.speaker is not following.speaker or pause > PAUSE_SECONDS


@given(dialogues)
def test_no_turn_holds_a_pause(dialogue: tuple[Track, Track]) -> None:
    for turn in turns(dialogue):
        silent_from = turn.start_seconds
        for word in turn.words:
            assert word.start - silent_from <= PAUSE_SECONDS
            silent_from = max(silent_from, word.end)
