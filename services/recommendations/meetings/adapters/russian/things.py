"""What Russian sentences talk of, as a later `её` or `их` may mean."""

from collections.abc import Sequence

from pymorphy3.analyzer import Parse

from services.recommendations.meetings.adapters.russian.phrases import ParsedWord
from services.recommendations.meetings.adapters.russian.words import NO_THING
from services.recommendations.meetings.adapters.sentences import Sentence, Thing

VERB_STEM = 4
_CASES = ("nomn", "accs", "datv")


def things_of(sentence: Sentence, words: Sequence[ParsedWord]) -> list[Thing]:
    """Return what is talked of in a sentence, in its order."""
    verbs = (word.readings[0] for word in words if word.readings[0].tag.POS in ("VERB", "INFN"))
    verb = next((reading.normal_form for reading in verbs), "")
    return [
        _thing(words, word, verb)
        for word in words
        if _is_thing(word) and not sentence.dated(word.start)
    ]


def _is_thing(word: ParsedWord) -> bool:
    noun = word.readings[0]
    named = word.name or word.family
    return noun.tag.POS == "NOUN" and not named and noun.normal_form not in NO_THING


def _thing(words: Sequence[ParsedWord], word: ParsedWord, verb: str) -> Thing:
    noun = word.readings[0]
    before = words[word.index - 1].readings[0] if word.index else None
    described = before and before.tag.POS == "ADJF" and before.normal_form not in NO_THING
    parts = [before, noun] if before and described else [noun]
    return Thing(
        forms={case: _in_case(parts, noun, case) for case in _CASES},
        plural=noun.tag.number == "plur",
        gender=str(noun.tag.gender or ""),
        person=noun.tag.animacy == "anim",
        of=verb[:VERB_STEM],
    )


def _in_case(parts: Sequence[Parse], noun: Parse, case: str) -> str:
    """Return a noun and its adjective in a case."""
    number, gender = str(noun.tag.number or "sing"), str(noun.tag.gender or "")
    words = []
    for part in parts:
        wanted = {case, number}
        if part is not noun:
            wanted |= {gender} if number == "sing" and gender else set()
            wanted |= (
                {"inan"} if case == "accs" and (number == "plur" or gender == "masc") else set()
            )
        form = part.inflect(wanted)
        words.append((form.word if form else part.word).removesuffix("-то"))
    return " ".join(words)
