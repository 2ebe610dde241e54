"""Subtitles as people paste them, WebVTT, SRT, SBV and the copies that programs make of them: who says what, a cue each. Pure."""

import html
import re
from collections.abc import Iterator

_TIME = r"(?:\d{1,3}:)?\d{1,2}:\d{1,2}(?:[.,]\d{1,3})?"
_EXACT = r"(?:\d{1,3}:)?\d{1,2}:\d{2}\.\d{3}"
_TIMING = re.compile(rf"\s*(?:{_TIME}\s*-->\s*{_TIME}(?:\s.*)?|{_EXACT},{_EXACT}\s*)")
_BLOCK = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s.*)?")
_NUMBER = re.compile(r"\s*(?:\d+|[0-9a-fA-F-]{8,}(?:/[\d-]+)*)\s*")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]*)>")
_TAG = re.compile(r"</?(?:[cibuv]|lang|ruby|rt|font|\d)[^<>]*>|\{\\[^{}]*\}", re.IGNORECASE)
_DASH = re.compile(r"^\s*[-–—]\s+")


def is_subtitles(text: str) -> bool:
    """Tell whether a text is one of subtitles: it has a line of two times with an arrow between them."""
    return any(_TIMING.fullmatch(line) for line in text.splitlines())


def cues(text: str) -> Iterator[list[tuple[str, str]]]:
    """Yield the lines of each cue, and of what stands before the first, with who says them where a tag has it."""
    for lines in _blocks(text):
        said: list[tuple[str, str]] = []
        for line in lines:
            before, *voices = _VOICE.split(line)
            parts = [("", before), *zip(voices[::2], voices[1::2], strict=True)]
            for name, words in parts:
                plain = _DASH.sub("", html.unescape(_TAG.sub("", words))).strip()
                if plain or name:
                    said.append((html.unescape(_TAG.sub("", name)).strip(), plain))
        if said:
            yield said


def _blocks(text: str) -> Iterator[list[str]]:
    """Yield the payload of each cue; numbers of cues, their times, and blocks that nobody says are left out."""
    lines = text.strip().splitlines()
    is_vtt = bool(lines) and lines[0].startswith("WEBVTT")
    skipping, in_cue = is_vtt, False
    payload: list[str] = []
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        starts = number == 0 or not lines[number - 1].strip()
        if _TIMING.fullmatch(line):
            yield payload
            payload, skipping, in_cue = [], False, True
        elif not line.strip():
            yield payload
            payload, skipping, in_cue = [], False, in_cue and not is_vtt
        elif _TIMING.fullmatch(following) and (starts or _NUMBER.fullmatch(line)):
            continue  # the id of the next cue
        elif is_vtt and not in_cue and _BLOCK.fullmatch(line):
            skipping = True
        elif not skipping:
            payload.append(line)
    yield payload
