"""Rows of Postgres to the domain and back."""

import json
from collections.abc import Sequence

import asyncpg

from services.bot_status.domain import (
    Bot,
    BotId,
    External,
    IntentId,
    Media,
    Observation,
    Phase,
    Source,
    SpokenInterval,
    Verdict,
    Wish,
)
from services.recordings.domain import Recording
from services.status.domain import BotState, Owner


def bot_of(row: asyncpg.Record) -> Bot:
    """Return the bot of a row of `bots`."""
    return Bot(
        wish=Wish(
            intent_id=IntentId(str(row["intent_id"])),
            owner=Owner(row["owner"]),
            meet_url=row["meet_url"],
            bot_name=row["bot_name"],
            language=row["language"],
        ),
        provider=row["provider"],
        phase=Phase(row["phase"]),
        bot_id=BotId(row["bot_id"]) if row["bot_id"] else None,
        external=External(row["external"]),
        time_zone=row["time_zone"],
        day=row["day"],
        state=BotState(row["state"]),
        detail=row["detail"],
        failure=row["failure"],
        media_ready=row["media_ready"],
        state_at=row["state_at"],
        joined_at=row["joined_at"],
        left_at=row["left_at"],
        failed_at=row["failed_at"],
        missing_at=row["missing_at"],
        answered_at=row["answered_at"],
        failures=row["failures"],
        observations=row["observations"],
        sequence=row["sequence"],
        public_state=BotState(row["public_state"]) if row["public_state"] else None,
        lease_id=str(row["lease_id"] or ""),
        created_at=row["created_at"],
    )


def observation_of(row: asyncpg.Record) -> Observation:
    """Return the observation of a row of `observations`."""
    return Observation(
        number=row["number"],
        source=Source(row["source"]),
        raw_status=row["raw_status"],
        state=BotState(row["state"]) if row["state"] else None,
        message=row["message"],
        verdict=Verdict(row["verdict"]) if row["verdict"] else None,
        first_at=row["first_at"],
        last_at=row["last_at"],
        times=row["times"],
    )


def media_of(row: asyncpg.Record) -> Media:
    """Return the media of a row of `media`."""
    recording = row["recording_sha256"] and Recording(
        sha256=row["recording_sha256"],
        size_bytes=row["recording_size_bytes"],
        content_type=row["recording_content_type"],
        file_name=row["recording_file_name"],
    )
    return Media(
        audio_url=row["audio_url"],
        text=row["text"],
        recording=recording or None,
        speakers=tuple(
            SpokenInterval(speaker_name=name, start_seconds=start, end_seconds=end)
            for name, start, end in json.loads(row["speakers"])
        ),
    )


def speakers_json(speakers: Sequence[SpokenInterval]) -> str:
    """Return intervals as the column has them."""
    return json.dumps([(s.speaker_name, s.start_seconds, s.end_seconds) for s in speakers])
