"""What words answer to."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import snowballstemmer

from services.analysis.words.lemmas import Lemmatiser


class _OneWordAtATime:
    """A stemmer as they are: it keeps the word it is at in itself, and must not be asked for two at once."""

    def __init__(self) -> None:
        self._free = threading.Lock()

    def stemWord(self, word: str) -> str:  # noqa: N802  # as the library has it
        assert self._free.acquire(blocking=False), "asked for two words at once"
        time.sleep(0.001)
        self._free.release()
        return word.rstrip("s")


def test_calls_that_are_judged_at_once_are_stemmed_word_by_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(snowballstemmer, "stemmer", lambda _: _OneWordAtATime())
    lemmatiser = Lemmatiser()
    words = [f"words{letter}s" for letter in "abcdefghijklmnopqr"]

    with ThreadPoolExecutor(4) as pool:
        keys = list(pool.map(lemmatiser.keys, words))

    assert keys == [{f"={word}", word.rstrip("s")} for word in words]
