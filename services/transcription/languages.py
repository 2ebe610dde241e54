"""Which language a voice speaks, by its sound and by how sure the words are that were heard in it. Pure.

What was measured, and on what, is in docs/speech.md.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.transcription.domain import HeardLanguage, Speaker, Track, Word

LITTLE_SECONDS = 5.0
"""Where less than this is said and shows no language plainly, nothing is wrong: it is taken to be in that of the call."""
LIKELY = 0.4
"""So probable, a language that is expected is the one that is spoken."""
CLEAR = 0.8
"""So probable, a language that nobody expected is."""
FEW_WORDS = 5
"""Fewer words in a language than these are no reason to doubt a call: a recogniser makes a few of any noise."""
SURE_WORDS = 0.5
"""Words of a language that is spoken are heard with at least this probability in the mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """How probable each language is, ISO 639-1, in so many seconds of speech; empty where nobody looked."""

    seconds: float
    probabilities: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageChoice:
    """The language to hear a voice in, and how probable it is, 0 where nobody looked."""

    language: str
    probability: float


def choose(detections: Mapping[Speaker, Detection], expected: str) -> dict[Speaker, LanguageChoice]:
    """Return the language to hear each voice of a call in.

    It is the expected one where that is likely, another where that is clear. A voice that shows neither, since it says
    little or nothing plain, is heard in the language of whoever says most of those that do.
    """
    own = {speaker: _own(detection, expected) for speaker, detection in detections.items()}
    plain = [(detections[speaker].seconds, each) for speaker, each in own.items() if each]
    spoken = max(plain)[1] if plain else expected
    return {
        speaker: LanguageChoice(
            language=own[speaker] or spoken,
            probability=detection.probabilities.get(own[speaker] or spoken, 0.0)
            if own[speaker] or detection.seconds >= LITTLE_SECONDS
            else 0.0,
        )
        for speaker, detection in detections.items()
    }


def joined(parts: Iterable[Track]) -> tuple[Track, ...]:
    """Return one track for each language of each voice, made of its parts in their order; a voice is lost nowhere."""
    grouped: dict[tuple[Speaker, str], list[Track]] = defaultdict(list)
    for part in parts:
        grouped[part.speaker, part.language].append(part)
    speaking = {speaker for (speaker, _), each in grouped.items() if any(p.words for p in each)}
    return tuple(
        Track(
            speaker=speaker,
            language=language,
            words=tuple(word for part in each for word in part.words),
            language_probability=_weighed(each),
            language_unsure=any(part.language_unsure for part in each),
        )
        for (speaker, language), each in grouped.items()
        if speaker not in speaking or any(part.words for part in each)
    )


def heard_languages(tracks: Iterable[Track], expected: str) -> tuple[HeardLanguage, ...]:
    """Return the languages that each voice was heard in, those of most words first.

    One is unsure where its sound tells no language, or where it is another than expected, or only likely, and the words
    are unsure too.
    """
    heard: dict[tuple[Speaker, str], list[Track]] = defaultdict(list)
    for track in tracks:
        if track.words:
            heard[track.speaker, track.language].append(track)
    return tuple(
        sorted(
            (
                _heard(speaker, language, each, expected)
                for (speaker, language), each in heard.items()
            ),
            key=lambda each: -each.words,
        )
    )


def main_language(heard: Iterable[HeardLanguage], expected: str) -> str:
    """Return the language of most words; the expected one where there are none."""
    words: dict[str, int] = defaultdict(int)
    for each in heard:
        words[each.language] += each.words
    return max(words, key=lambda language: words[language], default=expected)


def mean_probability(words: Iterable[Word]) -> float:
    """Return how sure the words are in the mean, 0 where their engine does not say."""
    known = [word.probability for word in words if word.probability]
    return sum(known) / len(known) if known else 0.0


def _weighed(tracks: Sequence[Track]) -> float:
    """Return how probable the language of tracks is, each as much as it has words."""
    words = sum(len(track.words) for track in tracks)
    return sum(each.language_probability * len(each.words) for each in tracks) / max(1, words)


def _own(detection: Detection, expected: str) -> str:
    """Return the language that a voice shows plainly; empty where it does not."""
    probabilities = detection.probabilities
    if probabilities.get(expected, 0.0) >= LIKELY:
        return expected
    likeliest = max(probabilities, key=lambda language: probabilities[language], default="")
    return likeliest if likeliest and probabilities[likeliest] >= CLEAR else ""


def _heard(
    speaker: Speaker, language: str, tracks: Sequence[Track], expected: str
) -> HeardLanguage:
    words = [word for track in tracks for word in track.words]
    probability = _weighed(tracks)
    word_probability = mean_probability(words)
    unlikely = 0 < probability < LIKELY
    unexpected = language != expected or probability < CLEAR
    both = unexpected and probability > 0 and 0 < word_probability < SURE_WORDS
    contradicted = any(track.language_unsure for track in tracks)
    return HeardLanguage(
        speaker=speaker,
        language=language,
        probability=probability,
        word_probability=word_probability,
        words=len(words),
        unsure=len(words) >= FEW_WORDS and (contradicted or unlikely or both),
    )
