import pytest

from services.transcription.adapters.verbose_json import read_words
from services.transcription.domain import BadTranscript, Word

SEGMENT = '{"text": "да", "start": 1, "end": 2, "avg_logprob": 0}'


def test_a_server_without_words_may_write_null_for_them() -> None:
    answer = f'{{"text": "да", "words": null, "segments": [{SEGMENT}]}}'

    assert read_words(answer, 10) == [Word(start=11, end=12, text=" да", probability=1)]
    assert read_words('{"text": "", "words": null, "segments": null}', 10) == []


@pytest.mark.parametrize("seconds", ["1e999", "NaN", "-1"])
def test_a_time_that_is_none_is_no_transcript(seconds: str) -> None:
    with pytest.raises(BadTranscript):
        read_words(
            f'{{"text": "да", "words": [{{"word": "да", "start": 0, "end": {seconds}}}]}}', 0
        )


def test_a_probability_that_is_none_counts_as_sure() -> None:
    surest = SEGMENT.replace('"avg_logprob": 0', '"avg_logprob": 1e3')

    assert read_words(f'{{"text": "да", "segments": [{surest}]}}', 0)[0].probability == 1
