import json
from typing import Any

import pytest

from services.status.domain import RECOGNISED
from services.transcription.adapters.language_names import _CODES, code_of
from services.transcription.adapters.verbose_json import read_answer
from services.transcription.domain import BadTranscript, EngineUnavailable, Word

SEGMENT = '{"text": "да", "start": 1, "end": 2, "avg_logprob": 0}'


def words_of(*words: dict[str, Any], seconds: float = 8.0) -> list[Word]:
    answer = {"text": " ".join(word["word"] for word in words), "words": words}
    return list(read_answer(json.dumps(answer), 10, seconds).words)


def times_of(*words: dict[str, Any], seconds: float = 8.0) -> list[tuple[float, float]]:
    return [(word.start, word.end) for word in words_of(*words, seconds=seconds)]


def test_a_server_without_words_may_write_null_for_them() -> None:
    answer = f'{{"text": "да", "words": null, "segments": [{SEGMENT}]}}'

    assert read_answer(answer, 10, 8).words == (Word(start=11, end=12, text=" да", probability=1),)
    assert read_answer('{"text": "", "words": null, "segments": null}', 10, 8).words == ()
    assert read_answer('{"text": null, "segments": []}', 10, 8).words == ()


@pytest.mark.parametrize(
    ("start", "end", "kept"),
    [
        (-0.02, 0.5, (10, 10.5)),
        (-1.9, -1.0, (10, 10)),
        (7.5, 8.4, (17.5, 18)),
        (9.5, 9.9, (18, 18)),
        (3.0, 1.0, (13, 13)),
        ("1.5", "2,5", (11.5, 12.5)),
        (2, None, (12, 12)),
        (2, float("nan"), (12, 12)),
        (2, float("inf"), (12, 12)),
    ],
)
def test_a_time_near_the_sound_is_held_within_it(
    start: object, end: object, kept: tuple[float, float]
) -> None:
    assert times_of({"word": "да", "start": start, "end": end}) == [kept]


@pytest.mark.parametrize(
    "words",
    [
        [{"word": "a", "start": 0, "end": 420}, {"word": "b", "start": 450, "end": 900}],
        [{"word": "a", "start": 4.2e9, "end": 5.1e9}],
        [{"word": "a", "start": 0, "end": 300_000_000}],
        [{"word": "a", "start": -30, "end": 1}],
        [{"word": "a", "start": 1, "end": 2}, {"word": "b", "start": 60, "end": 61}],
    ],
)
def test_times_that_are_not_of_the_sound_are_told_with_figure_and_limit(
    words: list[dict[str, Any]],
) -> None:
    with pytest.raises(BadTranscript, match=r"speech server tells a time of .* s in 8\.0 s"):
        words_of(*words)


def test_words_without_times_stand_between_those_that_have_some() -> None:
    words: list[dict[str, Any]] = [
        {"word": "в", "start": 1, "end": 2},
        {"word": "2014."},
        {"word": "году", "start": 5, "end": 6},
        {"word": "да", "start": None, "end": None},
    ]

    assert times_of(*words) == [(11, 12), (12, 15), (15, 16), (16, 16)]


def test_where_no_word_has_times_the_segments_have_them() -> None:
    answer = f'{{"text": "да", "words": [{{"word": "да"}}], "segments": [{SEGMENT}]}}'

    assert read_answer(answer, 0, 8).words == (Word(start=1, end=2, text=" да", probability=1),)


@pytest.mark.parametrize(
    "answer",
    [
        '{"text": "Алло."}',
        '{"text": "да нет", "words": [{"word": "да"}, {"word": "нет"}]}',
        '{"words": [{"word": "да", "start": 0, "end": 0}, {"word": "нет", "start": 0, "end": 0}]}',
        '{"text": "да", "segments": [{"text": "да", "start": "x", "end": null}]}',
    ],
)
def test_an_answer_without_times_is_told(answer: str) -> None:
    with pytest.raises(BadTranscript, match="tells no times"):
        read_answer(answer, 0, 8)


def test_a_segment_may_end_where_the_window_of_the_model_does() -> None:
    answer = '{"text": "раз два", "segments": [{"text": "раз два", "start": 0, "end": 30}]}'

    words = read_answer(answer, 0, 8).words

    assert [word.text for word in words] == [" раз", " два"]
    assert words[-1].end == 8


@pytest.mark.parametrize(
    ("given", "kept"),
    [(1.0000001, 1), (-1e-7, 0), ("0.5", 0.5), (None, 0), (float("nan"), 0), (95, 0), (True, 0)],
)
def test_a_probability_that_is_none_loses_no_word(given: object, kept: float) -> None:
    [word] = words_of({"word": "да", "start": 1, "end": 2, "probability": given})

    assert word.probability == pytest.approx(kept)


def test_a_logarithm_above_0_counts_as_sure() -> None:
    surest = SEGMENT.replace('"avg_logprob": 0', '"avg_logprob": 1e3')

    assert read_answer(f'{{"text": "да", "segments": [{surest}]}}', 0, 8).words[0].probability == 1


def test_words_keep_nothing_that_cannot_be_stored_and_empty_ones_go() -> None:
    answer = r"""{"text": "x", "words": [
        {"word": "д\u0000а\ud800", "start": 1, "end": 2}, {"word": "\u0000", "start": 3, "end": 4},
        {"word": " ", "start": 5, "end": 6}]}"""

    assert [word.text.strip() for word in read_answer(answer, 0, 8).words] == ["да\ufffd"]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("<html>", "did not answer with a transcript"),
        ("[]", "did not answer with a transcript"),
        ("null", "did not answer with a transcript"),
        ("[" * 100_000, "nested too deeply"),
        ('{"words": [7]}', r"words\.0"),
        ('{"words": [{"word": [7], "start": 0, "end": 1}]}', r"words\.0\.word"),
        (json.dumps({"words": [{"word": "a" * 10_000_000, "start": 0, "end": 1}]}), "10000000"),
        (json.dumps({"text": "a " * 1_000_000}), "characters of text"),
        (json.dumps({"words": [{"word": "a", "start": 0, "end": 1}] * 20_000}), "20000 words"),
    ],
    ids=range(9),
)
def test_what_is_no_transcript_says_why(answer: str, says: str) -> None:
    with pytest.raises(BadTranscript, match=says):
        read_answer(answer, 0, 8)


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        ({"error": {"message": "overloaded", "code": 503}}, EngineUnavailable, "overloaded"),
        ({"error": "out of memory"}, EngineUnavailable, "out of memory"),
        ({}, BadTranscript, "no text"),
        ({"status": "queued", "id": 7}, BadTranscript, "no text"),
        ({"data": {"text": "да", "words": []}}, BadTranscript, "no text"),
        ({"transcription": [{"text": "да"}]}, BadTranscript, "no text"),
    ],
    ids=repr,
)
def test_what_says_nothing_of_the_sound_is_no_silence(
    answer: Any, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        read_answer(json.dumps(answer), 10, 8)


@pytest.mark.parametrize(
    "words",
    [
        [{"text": "да", "start": 1, "end": 2, "confidence": 0.5}],
        [None, {"word": "да", "start": 1, "end": 2, "score": 0.5}],
        [{"word": "да", "start": 1, "end": 2, "probability": 0.5}],
    ],
    ids=repr,
)
def test_words_may_have_other_names_and_stand_in_their_segments(words: Any) -> None:
    said = [Word(start=11, end=12, text=" да", probability=0.5)]
    segment = {"text": "да", "start": 0, "end": 8, "words": words}

    assert list(read_answer(json.dumps({"text": "да", "words": words}), 10, 8).words) == said
    assert (
        list(read_answer(json.dumps({"text": "да", "segments": [None, segment]}), 10, 8).words)
        == said
    )


def test_a_number_may_be_a_word_and_minus_1_is_no_time() -> None:
    words: list[dict[str, Any]] = [
        {"word": 15, "start": 1, "end": 2},
        {"word": "да", "start": -1, "end": -1},
        {"word": "нет", "start": 4, "end": 5},
    ]

    assert times_of(*[{**word, "word": str(word["word"])} for word in words])[1] == (12, 14)
    assert read_answer(json.dumps({"words": words[:1]}), 10, 8).words[0].text == " 15"


@pytest.mark.parametrize(
    ("named", "code"),
    [
        ("russian", "ru"),
        ("English", "en"),
        ("en", "en"),
        ("pt-BR", "pt"),
        ("haitian creole", "ht"),
        ("klingon", ""),
        (None, ""),
    ],
)
def test_the_language_of_an_answer_is_known_by_its_name_or_its_code(
    named: str | None, code: str
) -> None:
    answer = json.dumps({"text": "", "segments": [], "language": named})

    assert read_answer(answer, 0, 8).language == code


def test_every_language_that_is_recognised_has_a_name() -> None:
    assert {code_of(name) for name in _CODES} == RECOGNISED
