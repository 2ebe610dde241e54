"""Transcripts on the wire."""

from dataclasses import replace
from datetime import UTC, datetime

from potok.transcription.v1 import transcript_pb2 as pb

from services.kernel.rpc.convert import moment
from services.status.domain import Owner
from services.transcription.domain import (
    CallId,
    HeardLanguage,
    Segment,
    Speaker,
    StoredTranscript,
    Transcript,
    Word,
)
from services.transcription.mapping import SPEAKER_TO_PB, transcript_to_pb
from tests.builders.transcription import a_transcript, without_words

A_MEETING = replace(
    a_transcript("bot-1"),
    told_seconds=60.0,
    speakers_guessed=True,
    languages=tuple(replace(each, unsure=True) for each in a_transcript("bot-1").languages),
    segments=tuple(replace(each, name="Анна") for each in a_transcript("bot-1").segments),
)
SPEAKER_FROM_PB = {number: speaker for speaker, number in SPEAKER_TO_PB.items()}


def read_back(message: pb.Transcript) -> StoredTranscript:
    """Return what a reader of the message can know."""
    return StoredTranscript(
        owner=Owner(message.owner),
        created_at=moment(message.create_time),
        transcript=Transcript(
            call_id=CallId(message.call_id),
            language=message.language,
            duration_seconds=message.duration_seconds,
            channels=message.channels,
            overlap_reliable=message.overlap_reliable,
            model=message.model,
            told_seconds=message.told_seconds,
            segments=tuple(
                Segment(
                    speaker=SPEAKER_FROM_PB[segment.speaker],
                    start_seconds=segment.start_seconds,
                    end_seconds=segment.end_seconds,
                    text=segment.text,
                    words=tuple(
                        Word(
                            start=word.start_seconds,
                            end=word.end_seconds,
                            text=word.text,
                            probability=word.probability,
                        )
                        for word in segment.words
                    ),
                    name=segment.speaker_name,
                    language=segment.language,
                )
                for segment in message.segments
            ),
            languages=tuple(
                HeardLanguage(
                    speaker=SPEAKER_FROM_PB[heard.speaker],
                    language=heard.language,
                    probability=heard.probability,
                    word_probability=heard.word_probability,
                    words=heard.words,
                    unsure=heard.unsure,
                )
                for heard in message.languages
            ),
            speakers_guessed=message.speakers_guessed,
        ),
    )


def stored(transcript: Transcript) -> StoredTranscript:
    return StoredTranscript(
        owner=Owner("client:clinic"),
        transcript=transcript,
        created_at=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
    )


def test_a_transcript_comes_back_from_the_wire_as_it_was() -> None:
    for transcript in (a_transcript("c1"), without_words(a_transcript("c1")), A_MEETING):
        wire = transcript_to_pb(stored(transcript)).SerializeToString()
        assert read_back(pb.Transcript.FromString(wire)) == stored(transcript)


def test_no_field_of_a_transcript_is_left_unset() -> None:
    message = transcript_to_pb(stored(A_MEETING))
    for part in (message, message.segments[0], message.segments[0].words[0]):
        assert [field.name for field, _ in part.ListFields()] == [
            field.name for field in part.DESCRIPTOR.fields
        ]


def test_every_speaker_has_a_protobuf_value() -> None:
    assert set(SPEAKER_TO_PB) == set(Speaker)
    assert set(SPEAKER_TO_PB.values()) == set(pb.Speaker.values()) - {0}
