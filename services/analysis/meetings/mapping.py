"""Transcripts of meetings and their analyses in protobuf and back. Pure functions."""

from potok.analysis.v1 import meeting_analysis_pb2 as pb
from potok.transcription.v1 import transcript_pb2

from services.analysis.meetings.domain import (
    BotId,
    MeetingAnalysis,
    MeetingDecision,
    MeetingTranscript,
    MeetingTurn,
    SpeakerShare,
)
from services.analysis.words.languages import unsure_language
from services.kernel.rpc.convert import moment, timestamp
from services.llm.transcripts import word_starts
from services.status.domain import Owner, RunId


def meeting_transcript_from_pb(transcript: transcript_pb2.Transcript) -> MeetingTranscript:
    """Return the transcript of a meeting, a turn for each segment in which something is said."""
    return MeetingTranscript(
        bot_id=BotId(transcript.call_id),
        owner=Owner(transcript.owner),
        language=transcript.language,
        turns=tuple(
            MeetingTurn(speaker=segment.speaker_name, text=segment.text, starts=_starts(segment))
            for segment in transcript.segments
            if segment.text.strip()
        ),
        unsure_language=unsure_language(
            (transcript_pb2.Speaker.Name(heard.speaker), heard.language)
            for heard in transcript.languages
            if heard.unsure
        ),
    )


def _starts(segment: transcript_pb2.Segment) -> tuple[tuple[int, float], ...]:
    """Return when the words of a segment begin; nothing of one without times, as in a text."""
    if not segment.end_seconds:
        return ()
    words = ((word.text, word.start_seconds) for word in segment.words)
    return word_starts(segment.text, segment.start_seconds, words)


def meeting_analysis_to_pb(analysis: MeetingAnalysis) -> pb.MeetingAnalysis:
    return pb.MeetingAnalysis(
        bot_id=analysis.bot_id,
        owner=analysis.owner,
        session_id=analysis.session_id,
        summary=analysis.summary,
        decisions=[
            pb.MeetingDecision(
                text=each.text,
                quote=each.quote,
                quote_speaker_name=each.quote_speaker,
                quote_start_seconds=each.quote_start_seconds,
            )
            for each in analysis.decisions
        ],
        speakers=[
            pb.SpeakerShare(speaker_name=each.speaker, words=each.words, share=each.share)
            for each in analysis.speakers
        ],
        judge=analysis.judge,
        create_time=timestamp(analysis.created_at),
        evidence_flags=analysis.evidence_flags,
    )


def meeting_analysis_from_pb(message: pb.MeetingAnalysis) -> MeetingAnalysis:
    return MeetingAnalysis(
        bot_id=BotId(message.bot_id),
        owner=Owner(message.owner),
        session_id=RunId(message.session_id),
        summary=message.summary,
        decisions=tuple(
            MeetingDecision(
                text=each.text,
                quote=each.quote,
                quote_speaker=each.quote_speaker_name,
                quote_start_seconds=each.quote_start_seconds
                if each.HasField("quote_start_seconds")
                else None,
            )
            for each in message.decisions
        ),
        speakers=tuple(
            SpeakerShare(speaker=each.speaker_name, words=each.words, share=each.share)
            for each in message.speakers
        ),
        judge=message.judge,
        created_at=moment(message.create_time),
        evidence_flags=tuple(message.evidence_flags),
    )
