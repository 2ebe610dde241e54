"""Finds the cues of a playbook in the sentences of a conversation."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from services.analysis.calls.adapters.rules.marking import asked_for, marked, questioned
from services.analysis.calls.adapters.rules.misheard import misheard, unsure
from services.analysis.calls.domain import Conversation, Evidence, Speaker, Turn, Word
from services.analysis.playbooks.domain import By, Cue, Playbook, Where
from services.analysis.playbooks.phrases import BUILT_IN, MAX_SKIPPED, is_asked, parse_phrase
from services.analysis.words.keys import GENITIVE, Key
from services.analysis.words.lemmas import LemmatisedSentence, LemmatisedWord, Lemmatiser
from services.llm.quotes import Span, whole_quote

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
    """A cue in the keys of words: `first` holds every key that its phrases can begin with.

    Those `in_questions` are found in questions and requests alone. At most `skipped` other words
    stand between two terms.
    """

    phrases: tuple[Terms, ...]
    in_questions: tuple[Terms, ...]
    first: frozenset[Key]
    skipped: int = MAX_SKIPPED


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
        self.sentences = marked(
            conversation,
            [
                (turn, _heard(sentence, playbook.misheard_words, lemmatiser))
                for turn in conversation.turns
                for sentence in lemmatiser.sentences(turn.text)
            ],
            lemmatiser,
        )
        self._turns = len(conversation.turns)
        self._vocabulary = playbook.vocabulary
        self._lemmatiser = lemmatiser
        self._compiled = compiled

    def is_unsure(self, word: Word) -> bool:
        """Tell whether a recognised word may have been another."""
        return unsure(word, self._lemmatiser)

    def find(self, cue: Cue, after: int | None = None) -> tuple[Evidence, ...]:
        """Quote every sentence with one of the cue's phrases, in spoken order.

        Only turns after `after` count, if it is given.
        """
        return tuple(
            Evidence(turn=turn.index, text=quote(sentence, *found))
            for turn, sentence, found in self._matches(cue, after)
        )

    def find_said(self, cue: Cue) -> tuple[tuple[Evidence, bool], ...]:
        """Quote as `find` does, but neither what is denied nor what only would be; and whether it is asked."""
        return tuple(
            (
                Evidence(turn=turn.index, text=quote(sentence, *found)),
                questioned(turn, sentence),
            )
            for turn, sentence, found in self._matches(cue)
            if not any(
                word.negates or "=бы" in word.keys or "=would" in word.keys
                for word in sentence.words[: found[0]]
                if word.clause == sentence.words[found[0]].clause
            )
        )

    def _matches(
        self, cue: Cue, after: int | None = None
    ) -> Iterator[tuple[Turn, LemmatisedSentence, tuple[int, int]]]:
        compiled = self._compiled.get(cue)
        if compiled is None:
            compiled = self._compiled[cue] = compile_phrases(
                cue.phrases, self._vocabulary, self._lemmatiser
            )
        for turn, sentence in self.sentences:
            if (
                turn.speaker in _SPEAKERS[cue.by]
                and not compiled.first.isdisjoint(sentence.keys)
                and within(cue.where, turn.index, self._turns, after)
                and (found := _match(compiled, turn, sentence)) is not None
            ):
                yield turn, sentence, found


def compile_phrases(
    texts: Iterable[str],
    vocabulary: Vocabulary,
    lemmatiser: Lemmatiser,
    skipped: int = MAX_SKIPPED,
) -> CompiledCue:
    """Turn the words of phrases into the keys that the words of a sentence have."""
    phrases = [
        (
            tuple(
                _joined(_expand(key, vocabulary, lemmatiser) for key in term)
                for term in parse_phrase(text)
            ),
            is_asked(text),
        )
        for text in texts
    ]
    return CompiledCue(
        phrases=tuple(terms for terms, asks in phrases if not asks),
        in_questions=tuple(terms for terms, asks in phrases if asks),
        first=_joined(terms[0] for terms, _ in phrases),
        skipped=skipped,
    )


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
    if key.startswith("~"):
        return _expand(Key(key[1:]), vocabulary, lemmatiser) | {key}
    keys = lemmatiser.keys(key)
    return frozenset(k for k in keys if not k.startswith(("=", "@")))


def within(where: Where, turn: int, turns: int, after: int | None) -> bool:
    """Tell whether a turn of so many is where a cue is looked for; `after` as in `CueFinder.find`."""
    if after is not None and turn <= after:
        return False
    match where:
        case Where.ANYWHERE:
            return True
        case Where.OPENING:
            return turn < EDGE_TURNS
        case Where.CLOSING:
            return turn >= turns - EDGE_TURNS
    assert_never(where)


def _heard(
    sentence: LemmatisedSentence, words: frozenset[str], lemmatiser: Lemmatiser
) -> LemmatisedSentence:
    """Give misheard words the keys of what they may have been."""
    found = {
        position: {Key(f"~{word}") for word in misheard(each.form, words, lemmatiser)}
        for position, each in enumerate(sentence.words)
    }
    if not any(found.values()):
        return sentence
    heard = tuple(
        replace(each, keys=each.keys | found[position])
        for position, each in enumerate(sentence.words)
    )
    return replace(sentence, words=heard, keys=_joined(word.keys for word in heard))


def _match(
    compiled: CompiledCue, turn: Turn, sentence: LemmatisedSentence
) -> tuple[int, int] | None:
    found = first_match(compiled.phrases, sentence.words)
    if found is None and compiled.in_questions and asked_for(turn, sentence):
        return first_match(compiled.in_questions, sentence.words)
    return found


def first_match(
    phrases: Iterable[Terms], words: Sequence[LemmatisedWord], skipped: int = MAX_SKIPPED
) -> tuple[int, int] | None:
    """Return the positions of the first and last word of the first phrase that matches."""
    for terms in phrases:
        for start, word in enumerate(words):
            if terms[0].isdisjoint(word.keys) or _negated(words, start):
                continue
            stop = _end(terms[1:], words, start, skipped)
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


def _end(terms: Terms, words: Sequence[LemmatisedWord], last: int, skipped: int) -> int | None:
    """Return where the remaining terms end after the word at `last`, None if they do not follow."""
    if not terms:
        return last
    for position in range(last + 1, min(last + 2 + skipped, len(words))):
        if not terms[0].isdisjoint(words[position].keys):
            stop = _end(terms[1:], words, position, skipped)
            if stop is not None:
                return stop
        if words[position].negates:
            return None
    return None


def quote(sentence: LemmatisedSentence, first: int, last: int) -> str:
    """Quote the sentence; of a long one, as recognisers make them, the words around the match.

    No negation that governs those is left out.
    """
    if len(sentence.text) <= MAX_QUOTE_CHARACTERS:
        return sentence.text
    start = sentence.words[max(0, first - QUOTE_MARGIN_WORDS)].start
    stop = sentence.words[min(len(sentence.words) - 1, last + QUOTE_MARGIN_WORDS)].stop
    whole = whole_quote(sentence.text, Span(start=start, stop=stop))
    return sentence.text[whole.start : whole.stop]
