"""Finds the cues of a playbook in the sentences of a conversation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.analysis.calls.domain import Conversation, Evidence, Speaker
from services.analysis.playbooks.domain import By, Cue, Playbook, Where
from services.analysis.playbooks.phrases import BUILT_IN, MAX_SKIPPED, parse_phrase
from services.analysis.words.keys import GENITIVE, Key
from services.analysis.words.lemmas import LemmatisedSentence, LemmatisedWord, Lemmatiser

EDGE_TURNS = 4
NEGATION_REACH = 2
MAX_QUOTE_CHARACTERS = 160
QUOTE_MARGIN_WORDS = 8

Terms = tuple[frozenset[Key], ...]
Vocabulary = Mapping[str, tuple[str, ...]]

_SPEAKERS = {
    By.OPERATOR: frozenset((Speaker.OPERATOR, Speaker.UNKNOWN)),
    By.CLIENT: frozenset((Speaker.CLIENT, Speaker.UNKNOWN)),
    By.ANYONE: frozenset(Speaker),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledCue:
    """A cue in the keys of words: `first` holds every key that its phrases can begin with."""

    phrases: tuple[Terms, ...]
    first: frozenset[Key]


class CueFinder:
    """Finds the cues of one playbook in one conversation.

    `compiled` holds the cues compiled so far; every finder of a playbook is given the same one.
    """

    def __init__(
        self,
        conversation: Conversation,
        playbook: Playbook,
        lemmatiser: Lemmatiser,
        compiled: dict[Cue, CompiledCue],
    ) -> None:
        self.sentences = tuple(
            (turn, sentence)
            for turn in conversation.turns
            for sentence in lemmatiser.sentences(turn.text)
        )
        self._turns = len(conversation.turns)
        self._vocabulary = playbook.vocabulary
        self._lemmatiser = lemmatiser
        self._compiled = compiled

    def find(self, cue: Cue) -> tuple[Evidence, ...]:
        """Quote every sentence with one of the cue's phrases, in spoken order."""
        compiled = self._compiled.get(cue)
        if compiled is None:
            compiled = self._compiled[cue] = _compile(cue, self._vocabulary, self._lemmatiser)
        return tuple(
            Evidence(turn=turn.index, text=_quote(sentence, *found))
            for turn, sentence in self.sentences
            if turn.speaker in _SPEAKERS[cue.by]
            and not compiled.first.isdisjoint(sentence.keys)
            and _within(cue.where, turn.index, self._turns)
            and (found := _first_match(compiled.phrases, sentence.words)) is not None
        )


def _compile(cue: Cue, vocabulary: Vocabulary, lemmatiser: Lemmatiser) -> CompiledCue:
    """Turn the words of a cue into the keys that the words of a sentence have."""
    phrases = tuple(
        tuple(
            _joined(_expand(key, vocabulary, lemmatiser) for key in term)
            for term in parse_phrase(text)
        )
        for text in cue.phrases
    )
    return CompiledCue(phrases=phrases, first=_joined(terms[0] for terms in phrases))


def _joined(sets: Iterable[frozenset[Key]]) -> frozenset[Key]:
    return frozenset().union(*sets)


def _expand(key: Key, vocabulary: Vocabulary, lemmatiser: Lemmatiser) -> frozenset[Key]:
    if key in BUILT_IN:
        return frozenset((key,))
    if key.startswith("@"):
        words = (inner for word in vocabulary[key[1:]] for inner in parse_phrase(word)[0])
        return _joined(_expand(word, vocabulary, lemmatiser) for word in words)
    if key.startswith("="):
        return frozenset((key,))
    keys = lemmatiser.keys(key)
    return frozenset(k for k in keys if not k.startswith(("=", "@")))


def _within(where: Where, turn: int, turns: int) -> bool:
    return (
        where is Where.ANYWHERE
        or (where is Where.OPENING and turn < EDGE_TURNS)
        or (where is Where.CLOSING and turn >= turns - EDGE_TURNS)
    )


def _first_match(
    phrases: Iterable[Terms], words: Sequence[LemmatisedWord]
) -> tuple[int, int] | None:
    """Return the positions of the first and last word of the first phrase that matches."""
    for terms in phrases:
        for start, word in enumerate(words):
            if terms[0].isdisjoint(word.keys) or _negated(words, start):
                continue
            stop = _end(terms[1:], words, start)
            if stop is not None and not _lacking(words, stop):
                return start, stop
    return None


def _lacking(words: Sequence[LemmatisedWord], position: int) -> bool:
    """Tell whether the word is a genitive that a `нет` after it denies: `жалоб никаких нет`."""
    after = words[position + 1 : position + 1 + NEGATION_REACH]
    return GENITIVE in words[position].keys and any(
        w.lacks and w.clause == words[position].clause for w in after
    )


def _negated(words: Sequence[LemmatisedWord], position: int) -> bool:
    before = words[max(0, position - NEGATION_REACH) : position]
    return any(w.negates and w.clause == words[position].clause for w in before)


def _end(terms: Terms, words: Sequence[LemmatisedWord], last: int) -> int | None:
    """Return where the remaining terms end after the word at `last`, None if they do not follow."""
    if not terms:
        return last
    for position in range(last + 1, min(last + 2 + MAX_SKIPPED, len(words))):
        if not terms[0].isdisjoint(words[position].keys):
            stop = _end(terms[1:], words, position)
            if stop is not None:
                return stop
        if words[position].negates:
            return None
    return None


def _quote(sentence: LemmatisedSentence, first: int, last: int) -> str:
    """Quote the sentence; of a long one, as recognisers make them, the words around the match."""
    if len(sentence.text) <= MAX_QUOTE_CHARACTERS:
        return sentence.text
    start = sentence.words[max(0, first - QUOTE_MARGIN_WORDS)].start
    stop = sentence.words[min(len(sentence.words) - 1, last + QUOTE_MARGIN_WORDS)].stop
    return sentence.text[start:stop]
