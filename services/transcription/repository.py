"""Transcripts in Postgres, and who took them as files."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from itertools import repeat
from typing import Any

import asyncpg

from services.kernel.postgres import Reading, afresh, load_queries
from services.status.domain import AuditAction, AuditEntry, ExecutionNumber, Owner
from services.transcription.domain import (
    CallId,
    HeardLanguage,
    Segment,
    Speaker,
    StoredTranscript,
    Transcript,
    Word,
)
from services.transcription.ports import Transaction

_QUERIES = load_queries(__file__)


class PostgresTranscripts:
    """Implements TranscriptRepository; `reading` sees what whoever asks may see."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    @afresh
    async def get_transcripts(
        self, owner: Owner, call_ids: Sequence[CallId], *, words: bool
    ) -> list[StoredTranscript]:
        async with self._reading() as connection:
            rows = _QUERIES.get_transcripts(
                connection, owner=owner, call_ids=call_ids, with_words=words
            )
            return [_stored(row) async for row in rows]

    async def upsert_transcripts(
        self,
        transaction: Transaction,
        owner: Owner,
        execution: ExecutionNumber,
        transcripts: Sequence[Transcript],
    ) -> None:
        await _QUERIES.upsert_transcripts(
            transaction,
            owner=owner,
            execution=execution,
            call_ids=[transcript.call_id for transcript in transcripts],
            languages=[transcript.language for transcript in transcripts],
            durations=[transcript.duration_seconds for transcript in transcripts],
            channels=[transcript.channels for transcript in transcripts],
            overlaps=[transcript.overlap_reliable for transcript in transcripts],
            models=[transcript.model for transcript in transcripts],
            told=[transcript.told_seconds for transcript in transcripts],
            segments=[_segments_json(transcript) for transcript in transcripts],
            words=[_words_json(transcript) for transcript in transcripts],
            heard=[_languages_json(transcript) for transcript in transcripts],
            guessed=[transcript.speakers_guessed for transcript in transcripts],
        )

    async def delete_transcripts(
        self, transaction: Transaction, owner: Owner, call_ids: Sequence[CallId]
    ) -> None:
        await _QUERIES.delete_transcripts(transaction, owner=owner, call_ids=call_ids)


class PostgresTranscriptAudit:
    """Implements TranscriptAudit; `reading` sees what whoever asks may see."""

    def __init__(self, pool: asyncpg.Pool, reading: Reading) -> None:
        self._pool = pool
        self._reading = reading

    async def insert_audit_entry(self, entry: AuditEntry) -> None:
        await _QUERIES.insert_audit_entry(
            self._pool,
            owner=entry.owner,
            actor=entry.actor,
            action=entry.action.value,
            subject=entry.subject,
            detail=entry.detail,
            at=entry.at,
        )

    @afresh
    async def list_audit_entries(
        self, owner: Owner, before: int | None, page_size: int
    ) -> list[AuditEntry]:
        async with self._reading() as connection:
            rows = _QUERIES.list_audit_entries(
                connection, owner=owner, before=before, page_size=page_size
            )
            return [
                AuditEntry(**{**row, "action": AuditAction(row["action"])}) async for row in rows
            ]


def _stored(row: asyncpg.Record) -> StoredTranscript:
    return StoredTranscript(
        owner=Owner(row["owner"]),
        transcript=Transcript(
            call_id=CallId(row["call_id"]),
            language=row["language"],
            duration_seconds=row["duration_seconds"],
            channels=row["channels"],
            overlap_reliable=row["overlap_reliable"],
            model=row["model"],
            told_seconds=row["told_seconds"],
            segments=_segments(row),
            languages=_languages(row),
            speakers_guessed=row["speakers_guessed"],
        ),
        created_at=row["created_at"],
    )


def _segments(row: asyncpg.Record) -> tuple[Segment, ...]:
    words = json.loads(row["words"]) if row["words"] else repeat(())
    return tuple(
        Segment(
            speaker=Speaker(segment["speaker"]),
            start_seconds=segment["start"],
            end_seconds=segment["end"],
            text=segment["text"],
            words=tuple(map(_word, said)),
            name=segment.get("name", ""),
            language=segment.get("language", ""),
        )
        for segment, said in zip(json.loads(row["segments"]), words, strict=False)
    )


def _word(word: list[Any]) -> Word:
    start, end, text, probability = word
    return Word(start=start, end=end, text=text, probability=probability)


def _segments_json(transcript: Transcript) -> str:
    return _json(
        [
            {
                "speaker": segment.speaker.value,
                "start": segment.start_seconds,
                "end": segment.end_seconds,
                "text": segment.text,
                **({"name": segment.name} if segment.name else {}),
                **({"language": segment.language} if segment.language else {}),
            }
            for segment in transcript.segments
        ]
    )


def _languages(row: asyncpg.Record) -> tuple[HeardLanguage, ...]:
    return tuple(
        HeardLanguage(**{**heard, "speaker": Speaker(heard["speaker"])})
        for heard in json.loads(row["languages"])
    )


def _languages_json(transcript: Transcript) -> str:
    return _json(
        [{**asdict(heard), "speaker": heard.speaker.value} for heard in transcript.languages]
    )


def _words_json(transcript: Transcript) -> str:
    return _json(
        [
            [[word.start, word.end, word.text, word.probability] for word in segment.words]
            for segment in transcript.segments
        ]
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
