"""Transcripts as files: what the formats ask for, and what people can read."""

import itertools
import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.status.domain import Owner
from services.transcription.dialogue import segment
from services.transcription.domain import (
    CallId,
    HeardLanguage,
    NoTimes,
    Segment,
    Speaker,
    StoredTranscript,
    Word,
)
from services.transcription.export import (
    CUE_LINES,
    CUE_SECONDS,
    LINE_CHARACTERS,
    ExportFormat,
    cues,
    export,
)
from tests.builders.transcription import a_transcript

TIMES = re.compile(
    r"^(\d\d):(\d\d):(\d\d)[.,](\d{3}) --> (\d\d):(\d\d):(\d\d)[.,](\d{3})$", re.MULTILINE
)


def a_turn(speaker: Speaker, text: str, start: float = 0.0, pace: float = 0.5) -> Segment:
    """Return a turn whose words follow one another, each for `pace` seconds."""
    words = [
        Word(start=start + n * pace, end=start + (n + 1) * pace, text=f" {word}", probability=0.5)
        for n, word in enumerate(text.split())
    ]
    return segment(speaker, tuple(words))


RUSSIAN = HeardLanguage(
    speaker=Speaker.OPERATOR,
    language="ru",
    probability=0.75,
    word_probability=0.5,
    words=2,
    unsure=False,
)


def stored(
    *segments: Segment, call_id: str = "c1", languages: tuple[HeardLanguage, ...] = (RUSSIAN,)
) -> StoredTranscript:
    transcript = replace(a_transcript(call_id), segments=segments, languages=languages)
    return StoredTranscript(
        owner=Owner("client:clinic"),
        transcript=transcript,
        created_at=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
    )


def written(form: ExportFormat, *segments: Segment) -> str:
    return export(stored(*segments), form).content


HELLO = a_turn(Speaker.OPERATOR, "Добрый день.", 0.25)
ANSWER = a_turn(Speaker.CLIENT, "Это гараж?", 3661.5)
NOISE = a_turn(Speaker.UNKNOWN, "Э")


def test_text_is_a_line_a_turn_with_its_time_and_the_speaker_that_is_known() -> None:
    assert written(ExportFormat.TEXT, HELLO, ANSWER, NOISE) == (
        "[00:00:00] operator: Добрый день.\n[01:01:01] client: Это гараж?\n[00:00:00] Э\n"
    )


def test_srt_is_numbered_from_one_with_commas_in_its_times() -> None:
    assert written(ExportFormat.SRT, HELLO, ANSWER) == (
        "1\n00:00:00,250 --> 00:00:01,250\noperator: Добрый день.\n"
        "\n2\n01:01:01,500 --> 01:01:02,500\nclient: Это гараж?\n"
    )


def test_vtt_has_its_header_points_in_its_times_and_speakers_as_voices() -> None:
    assert written(ExportFormat.VTT, HELLO, NOISE) == (
        "WEBVTT\n"
        "\n00:00:00.000 --> 00:00:00.500\nЭ\n"
        "\n00:00:00.250 --> 00:00:01.250\n<v operator>Добрый день.\n"
    )


def test_what_would_be_taken_for_markup_is_not() -> None:
    turn = a_turn(Speaker.UNKNOWN, "a<b & c --> d")
    assert written(ExportFormat.VTT, turn).endswith("\na&lt;b &amp; c --&gt; d\n")
    assert len(re.findall("-->", written(ExportFormat.SRT, turn))) == 1


def test_a_meeting_names_its_speakers_in_every_format() -> None:
    said = replace(a_turn(Speaker.UNKNOWN, "Доброе утро.", 0.25), name="Анна <Б>")

    assert written(ExportFormat.TEXT, said) == "[00:00:00] Анна <Б>: Доброе утро.\n"
    assert "\nАнна <Б>: Доброе утро.\n" in written(ExportFormat.SRT, said)
    assert "\n<v Анна &lt;Б&gt;>Доброе утро.\n" in written(ExportFormat.VTT, said)
    assert json.loads(written(ExportFormat.JSON, said))["segments"][0]["speaker_name"] == "Анна <Б>"


def test_a_meeting_that_came_as_a_text_has_no_times_and_makes_no_subtitles() -> None:
    said = replace(a_turn(Speaker.UNKNOWN, "Доброе утро."), words=(), name="Анна")

    assert written(ExportFormat.TEXT, said) == "Анна: Доброе утро.\n"
    for form in (ExportFormat.SRT, ExportFormat.VTT):
        with pytest.raises(NoTimes, match="as text or as JSON"):
            written(form, said)


def test_a_text_of_a_recording_that_was_cut_off_begins_with_that() -> None:
    whole = stored(HELLO)
    cut = replace(whole, transcript=replace(whole.transcript, told_seconds=10.0))

    first, *rest = export(cut, ExportFormat.TEXT).content.splitlines()

    assert first == "[the recording was cut off: heard 4 of 10 seconds]"
    assert rest == export(whole, ExportFormat.TEXT).content.splitlines()
    assert json.loads(export(cut, ExportFormat.JSON).content)["told_seconds"] == 10.0


def test_json_has_all_that_is_stored() -> None:
    assert json.loads(written(ExportFormat.JSON, HELLO)) == {
        "call_id": "c1",
        "language": "ru",
        "duration_seconds": 3.5,
        "told_seconds": 0.0,
        "channels": 2,
        "overlap_reliable": True,
        "speakers_guessed": False,
        "languages": [
            {
                "speaker": "operator",
                "language": "ru",
                "probability": 0.75,
                "word_probability": 0.5,
                "words": 2,
                "unsure": False,
            }
        ],
        "model": "whisper-base@d01c3014881c",
        "created_at": "2026-03-01T09:30:00+00:00",
        "segments": [
            {
                "speaker": "operator",
                "speaker_name": "",
                "start_seconds": 0.25,
                "end_seconds": 1.25,
                "text": "Добрый день.",
                "language": "",
                "words": [
                    {
                        "start_seconds": 0.25,
                        "end_seconds": 0.75,
                        "text": " Добрый",
                        "probability": 0.5,
                    },
                    {
                        "start_seconds": 0.75,
                        "end_seconds": 1.25,
                        "text": " день.",
                        "probability": 0.5,
                    },
                ],
            }
        ],
    }


@pytest.mark.parametrize(
    ("languages", "note"),
    [
        ((RUSSIAN,), ""),
        ((replace(RUSSIAN, language="en"),), "[heard in en]\n"),
        ((RUSSIAN, replace(RUSSIAN, language="en")), "[heard in en, ru]\n"),
        (
            (replace(RUSSIAN, unsure=True, probability=0.4),),
            "[the operator was heard in ru, which may be wrong: language 40% sure, words 50%]\n",
        ),
    ],
)
def test_a_text_says_at_its_head_which_language_was_heard_where_that_is_not_plain(
    languages: tuple[HeardLanguage, ...], note: str
) -> None:
    text = export(stored(HELLO, languages=languages), ExportFormat.TEXT).content

    assert text == f"{note}[00:00:00] operator: Добрый день.\n"


def test_a_text_says_at_its_head_that_its_speakers_are_guessed() -> None:
    made = stored(HELLO)
    guessed = replace(made, transcript=replace(made.transcript, speakers_guessed=True))

    text = export(guessed, ExportFormat.TEXT).content

    assert text.startswith("[who speaks is guessed by what is said]\n[00:00:00] operator:")


@pytest.mark.parametrize("pace", [0.2, 1.0, 9.0])
def test_long_turns_are_cut_into_cues_that_can_be_read_and_lose_no_word(pace: float) -> None:
    said = " ".join(f"слово{n}," for n in range(60))
    turn = a_turn(Speaker.OPERATOR, said, pace=pace)

    found = cues((turn,))

    assert " ".join(cue.text for cue in found) == said
    for cue in found:
        assert cue.end - cue.start <= max(CUE_SECONDS, pace) * 1000
    blocks = written(ExportFormat.SRT, turn).split("\n\n")
    assert len(blocks) == len(found)
    for block in blocks:
        lines = block.strip().split("\n")[2:]
        assert 1 <= len(lines) <= CUE_LINES
        assert all(len(line) <= LINE_CHARACTERS for line in lines)


def test_numbers_that_come_in_parts_are_not_cut() -> None:
    words = [
        Word(start=n * 3.0, end=n * 3.0 + 3, text=text, probability=1.0)
        for n, text in enumerate((" в", " 15", "-30", " завтра"))
    ]
    assert [cue.text for cue in cues((segment(Speaker.CLIENT, tuple(words)),))] == [
        "в 15-30",
        "завтра",
    ]


def test_times_grow_and_one_speaker_never_overlaps_himself() -> None:
    """Engines give words no length, an end before the next word's start, or the start of the last one."""
    words = tuple(
        Word(start=start, end=end, text=f" {start}", probability=0)
        for start, end in ((5.0, 5.0), (5.0, 9.0), (5.0, 5.0), (8.0, 8.5))
    )
    turns = tuple(segment(Speaker.CLIENT, (word,)) for word in words)

    for form in (ExportFormat.SRT, ExportFormat.VTT):
        times = [tuple(map(int, found)) for found in TIMES.findall(written(form, *turns))]
        assert len(times) == len(turns)
        spans = [(_milliseconds(t[:4]), _milliseconds(t[4:])) for t in times]
        assert all(start < end for start, end in spans)
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))


def _milliseconds(clock: tuple[int, ...]) -> int:
    hours, minutes, seconds, milliseconds = clock
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds


def test_both_speak_at_once_where_they_did() -> None:
    long = a_turn(Speaker.OPERATOR, "один два три четыре", 1.0)
    short = a_turn(Speaker.CLIENT, "угу", 1.5)

    assert [(cue.start, cue.end) for cue in cues((long, short))] == [(1000, 3000), (1500, 2000)]


@pytest.mark.parametrize(
    ("call_id", "name"),
    [("c-1.2", "c-1.2.srt"), ("../a b/в", "_._a_b_в.srt"), (".x", "_x.srt")],
)
def test_the_file_is_named_so_that_no_file_system_minds(call_id: str, name: str) -> None:
    assert export(stored(HELLO, call_id=call_id), ExportFormat.SRT).file_name == name


def test_a_call_in_which_nothing_is_left_gives_files_that_can_be_read() -> None:
    assert written(ExportFormat.VTT) == "WEBVTT\n"
    assert written(ExportFormat.SRT) == written(ExportFormat.TEXT) == ""
    assert CallId(json.loads(written(ExportFormat.JSON))["call_id"]) == "c1"
