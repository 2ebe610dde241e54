"""What people are told of a call whose language is not sure. Pure functions."""

from collections.abc import Iterable

_VOICES = {"SPEAKER_OPERATOR": "the operator", "SPEAKER_CLIENT": "the client"}


def unsure_language(voices: Iterable[tuple[str, str]]) -> str:
    """Return which voices, by speaker and language, may speak another one than that; empty where there are none."""
    heard = ", ".join(
        f"{_VOICES.get(speaker, 'what is said')} as {language}" for speaker, language in voices
    )
    return heard and (
        f"heard {heard}, which may be another language: say which it is, by the column language of calls.csv or the "
        "client's setting, and run TRANSCRIPTION in mode ALL"
    )
