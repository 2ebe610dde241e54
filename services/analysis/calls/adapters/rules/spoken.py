"""A conversation sentence by sentence, and what is marked in it."""

from collections import defaultdict

from services.analysis.calls.domain import Turn
from services.analysis.words.keys import Key
from services.analysis.words.lemmas import LemmatisedSentence

Spoken = tuple[Turn, LemmatisedSentence]
"""A sentence, and the turn that it is of."""

Marks = defaultdict[tuple[int, int], set[Key]]
"""What words do, as keys, by the positions of sentence and word."""
