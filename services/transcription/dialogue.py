"""The dialogue that the words of the speakers make."""

from collections.abc import Iterable, Iterator, Sequence

from services.transcription.domain import (
    CallId,
    Recognition,
    Segment,
    Speaker,
    SpokenInterval,
    Track,
    Transcript,
    Word,
)
from services.transcription.languages import heard_languages, main_language
from services.transcription.naming import named
from services.transcription.roles import guess_speakers

PAUSE_SECONDS = 0.8
"""A longer silence between two words of a speaker ends the turn."""

SENTENCE_END = (".", "!", "?", "…")


def transcript(
    call_id: CallId,
    recognition: Recognition,
    speakers: Sequence[SpokenInterval] = (),
    *,
    guess: bool = False,
) -> Transcript:
    """Return what an engine recognised as the dialogue of a call, or of a meeting with its intervals of speech.

    With `guess`, who speaks in a recording of one voice is guessed by what is said.
    """
    languages = heard_languages(recognition.tracks, recognition.language)
    segments = turns(recognition.tracks, speakers, guess=guess)
    return Transcript(
        call_id=call_id,
        language=main_language(languages, recognition.language),
        duration_seconds=recognition.duration_seconds,
        channels=recognition.channels,
        overlap_reliable=recognition.overlap_reliable,
        model=recognition.model,
        told_seconds=recognition.told_seconds,
        segments=segments,
        languages=languages,
        speakers_guessed=guess and _has_one_voice(recognition.tracks) and _tells_speakers(segments),
    )


def turns(
    tracks: Sequence[Track], speakers: Sequence[SpokenInterval] = (), *, guess: bool = False
) -> tuple[Segment, ...]:
    """Return the turns of all speakers, ordered by start; every word is in exactly one.

    Each track is cut at pauses and after sentences, since an engine's own segments may span what
    the other speaker says in between, and given the name of who spoke then. Then neighbours of one
    speaker become one turn again, unless there is a pause between them.
    """
    phrases = [phrase for track in tracks for phrase in _phrases(track)]
    phrases.sort(key=lambda phrase: phrase.start_seconds)
    if guess and _has_one_voice(tracks):
        phrases = guess_speakers(phrases)
    dialogue: list[Segment] = []
    for phrase in named(phrases, speakers):
        if dialogue and _goes_on(dialogue[-1], phrase):
            words = dialogue.pop().words + phrase.words
            dialogue.append(segment(phrase.speaker, words, phrase.name, phrase.language))
        else:
            dialogue.append(phrase)
    return tuple(dialogue)


def segment(
    speaker: Speaker, words: tuple[Word, ...], name: str = "", language: str = ""
) -> Segment:
    """Return the turn that `words`, at least one, make."""
    return Segment(
        speaker=speaker,
        start_seconds=words[0].start,
        end_seconds=max(word.end for word in words),
        text="".join(word.text for word in words).strip(),
        words=words,
        name=name,
        language=language,
    )


def _has_one_voice(tracks: Iterable[Track]) -> bool:
    return all(track.speaker is Speaker.UNKNOWN for track in tracks)


def _tells_speakers(segments: Iterable[Segment]) -> bool:
    return any(segment.speaker is not Speaker.UNKNOWN for segment in segments)


def _phrases(track: Track) -> Iterator[Segment]:
    phrase: list[Word] = []
    for word in sorted(track.words, key=lambda word: word.start):
        if phrase and (_pause(phrase[-1].end, word.start) or _ends_sentence(phrase[-1])):
            yield segment(track.speaker, tuple(phrase), language=track.language)
            phrase = []
        phrase.append(word)
    if phrase:
        yield segment(track.speaker, tuple(phrase), language=track.language)


def _goes_on(turn: Segment, phrase: Segment) -> bool:
    same = (turn.speaker, turn.name, turn.language) == (
        phrase.speaker,
        phrase.name,
        phrase.language,
    )
    return same and not _pause(turn.end_seconds, phrase.start_seconds)


def _pause(end: float, start: float) -> bool:
    return start - end > PAUSE_SECONDS


def _ends_sentence(word: Word) -> bool:
    return word.text.rstrip().endswith(SENTENCE_END)
