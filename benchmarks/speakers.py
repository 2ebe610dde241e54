"""How often the guess of who speaks is right, in written calls without their speakers and in stereo calls mixed down."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.word_errors import CALLS, PATIENCE, SAMPLES
from services.analysis.calls.domain import Speaker as Side
from services.transcription.adapters.model import embedded_model
from services.transcription.adapters.recognition_options import RecognitionOptions
from services.transcription.adapters.whisper import WhisperEngine
from services.transcription.dialogue import turns
from services.transcription.domain import Segment, Speaker
from services.transcription.roles import guess_speakers
from tests.labelled_dialogues import DIALOGUES, Portion, dialogues

LIMIT = 0.95
"""The share of the guesses that must be right: each wrong one blames somebody for the words of another."""
SECONDS_A_WORD, PAUSE_SECONDS = 0.4, 0.3
_SIDES = {Side.OPERATOR: Speaker.OPERATOR, Side.CLIENT: Speaker.CLIENT}
_SENTENCE = re.compile(r"[^.!?…]+[.!?…]*")


async def main() -> None:
    """Print for written and for recorded calls how many turns are guessed, and how many of those are right."""
    print(f"{'calls':34}{'turns':>8}{'guessed':>9}{'right':>8}   at least {LIMIT} of the guessed")
    for portion in Portion:
        counts: Counter[str] = Counter()
        for labelled in dialogues(*sorted(each.stem for each in DIALOGUES.glob("*.yaml"))):
            if labelled.portion is portion:
                said = [
                    (_SIDES[turn.speaker], sentence)
                    for turn in labelled.conversation.turns
                    if turn.speaker in _SIDES
                    for sentence in _SENTENCE.findall(turn.text)
                ]
                counts += _counted(
                    [each for each, _ in said], guess_speakers(list(_segments(said)))
                )
        _print(f"written, {portion.value}", counts)
    _print("samples, mixed down and heard", await _heard())


def _segments(said: Sequence[tuple[Speaker, str]]) -> Iterator[Segment]:
    at = 0.0
    for _, sentence in said:
        end = at + SECONDS_A_WORD * len(sentence.split())
        yield Segment(
            speaker=Speaker.UNKNOWN, start_seconds=at, end_seconds=end, text=sentence.strip()
        )
        at = end + PAUSE_SECONDS


async def _heard() -> Counter[str]:
    counts: Counter[str] = Counter()
    with TemporaryDirectory() as cache:
        async with WhisperEngine(
            embedded_model(Path(cache)), RecognitionOptions(), processes=1, timeout_seconds=PATIENCE
        ) as engine:
            for call in CALLS:
                reference = json.loads((SAMPLES / f"{call}.json").read_text())
                heard = await engine.transcribe(
                    SAMPLES / f"{call}.wav", reference["lang"], mixed=True
                )
                found = turns(heard.tracks, guess=True)
                counts += _counted([_who(turn, reference["turns"]) for turn in found], found)
    return counts


def _who(turn: Segment, reference: Sequence[dict[str, object]]) -> Speaker:
    """Return who says most of a turn."""
    said: Counter[str] = Counter()
    for each in reference:
        start, end = float(str(each["start"])), float(str(each["end"]))
        overlap = min(end, turn.end_seconds) - max(start, turn.start_seconds)
        said[str(each["speaker"])] += max(0, round(1000 * overlap))
    return Speaker(said.most_common(1)[0][0])


def _counted(speakers: Sequence[Speaker], guessed: Sequence[Segment]) -> Counter[str]:
    pairs = list(zip(speakers, guessed, strict=True))
    known = [(side, turn) for side, turn in pairs if turn.speaker is not Speaker.UNKNOWN]
    return Counter(
        turns=len(pairs),
        guessed=len(known),
        right=sum(turn.speaker is side for side, turn in known),
    )


def _print(name: str, counts: Counter[str]) -> None:
    rate = counts["right"] / max(1, counts["guessed"])
    share = counts["guessed"] / max(1, counts["turns"])
    print(f"{name:34}{counts['turns']:8}{share:9.2f}{rate:8.3f}")


if __name__ == "__main__":
    import asyncio

    asyncio.run(main())
