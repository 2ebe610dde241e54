"""Transcripts in protobuf, and meetings from it. Pure functions."""

from potok.bot_status.v1 import meeting_pb2
from potok.transcription.v1 import transcript_pb2, transcription_service_pb2

from services.kernel.rpc.convert import enum_pairs, timestamp
from services.kernel.strangers import storable
from services.transcription.domain import (
    HeardLanguage,
    MeetingMedia,
    Segment,
    Speaker,
    SpokenInterval,
    StoredTranscript,
    Word,
)
from services.transcription.export import ExportFormat

SPEAKER_TO_PB = enum_pairs(Speaker, transcript_pb2.Speaker, "SPEAKER")
EXPORT_FORMAT_TO_PB = enum_pairs(
    ExportFormat, transcription_service_pb2.ExportFormat, "EXPORT_FORMAT"
)
EXPORT_FORMAT_FROM_PB = {value: form for form, value in EXPORT_FORMAT_TO_PB.items()}


def transcript_to_pb(stored: StoredTranscript) -> transcript_pb2.Transcript:
    transcript = stored.transcript
    return transcript_pb2.Transcript(
        call_id=transcript.call_id,
        owner=stored.owner,
        language=transcript.language,
        duration_seconds=transcript.duration_seconds,
        channels=transcript.channels,
        overlap_reliable=transcript.overlap_reliable,
        model=transcript.model,
        segments=[segment_to_pb(segment) for segment in transcript.segments],
        create_time=timestamp(stored.created_at),
        told_seconds=transcript.told_seconds,
        languages=[heard_language_to_pb(each) for each in transcript.languages],
        speakers_guessed=transcript.speakers_guessed,
    )


def heard_language_to_pb(heard: HeardLanguage) -> transcript_pb2.HeardLanguage:
    return transcript_pb2.HeardLanguage(
        speaker=SPEAKER_TO_PB[heard.speaker],
        language=heard.language,
        probability=heard.probability,
        word_probability=heard.word_probability,
        words=heard.words,
        unsure=heard.unsure,
    )


def segment_to_pb(segment: Segment) -> transcript_pb2.Segment:
    return transcript_pb2.Segment(
        speaker=SPEAKER_TO_PB[segment.speaker],
        start_seconds=segment.start_seconds,
        end_seconds=segment.end_seconds,
        text=segment.text,
        words=[word_to_pb(word) for word in segment.words],
        speaker_name=segment.name,
        language=segment.language,
    )


def word_to_pb(word: Word) -> transcript_pb2.Word:
    return transcript_pb2.Word(
        start_seconds=word.start,
        end_seconds=word.end,
        text=word.text,
        probability=word.probability,
    )


def meeting_from_pb(message: meeting_pb2.Meeting) -> MeetingMedia:
    return MeetingMedia(
        language=message.language,
        text=storable(message.text),
        speakers=tuple(
            SpokenInterval(
                speaker_name=storable(each.speaker_name),
                start_seconds=each.start_seconds,
                end_seconds=each.end_seconds,
            )
            for each in message.speakers
        ),
    )
