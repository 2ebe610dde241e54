-- name: insert_media(intent_id, owner, audio_url, text, sha256, size_bytes, content_type, file_name, speakers)$
-- Stores what there is of a meeting; what came first stays.
INSERT INTO bot_status.media (
       intent_id, owner, audio_url, text, recording_sha256, recording_size_bytes, recording_content_type,
       recording_file_name, speakers)
VALUES (:intent_id, :owner, :audio_url, :text, :sha256, :size_bytes, :content_type, :file_name,
       :speakers::jsonb)
    ON CONFLICT DO NOTHING
RETURNING intent_id;

-- name: get_meeting(bot_id)^
-- Returns a meeting with the bot that was in it, where anything is kept of it.
SELECT bots.*, media.audio_url, media.text, media.recording_sha256, media.recording_size_bytes,
       media.recording_content_type, media.recording_file_name, media.speakers
  FROM bot_status.bots
  JOIN bot_status.media USING (intent_id)
 WHERE bots.bot_id = :bot_id;

-- name: claim_fetch(intent_id, lease)$
-- Leases the fetching of a recording; returns nothing where it is fetched, or another process fetches it.
UPDATE bot_status.media
   SET fetching_until = now() + :lease::interval
 WHERE intent_id = :intent_id
   AND recording_sha256 IS NULL
   AND (fetching_until IS NULL OR fetching_until < now())
RETURNING intent_id;

-- name: renew_fetch(intent_id, lease)!
-- Lengthens the lease of a fetch.
UPDATE bot_status.media
   SET fetching_until = now() + :lease::interval
 WHERE intent_id = :intent_id
   AND recording_sha256 IS NULL;

-- name: release_fetch(intent_id)!
-- Leaves the fetching to whoever asks next.
UPDATE bot_status.media SET fetching_until = NULL WHERE intent_id = :intent_id;

-- name: set_recording(intent_id, sha256, size_bytes, content_type, file_name)!
-- Writes where the recording of a meeting is kept, unless it was written before, and ends the fetch.
UPDATE bot_status.media
   SET recording_sha256 = :sha256,
       recording_size_bytes = :size_bytes,
       recording_content_type = :content_type,
       recording_file_name = :file_name,
       fetching_until = NULL
 WHERE intent_id = :intent_id
   AND recording_sha256 IS NULL;

-- name: register_recording(sha256, grace)!
-- Notes a recording that is about to be stored. It waits for a sweep that is about to delete the bytes.
INSERT INTO bot_status.recordings AS stored (sha256, look_at)
VALUES (:sha256, now() + :grace::interval)
    ON CONFLICT (sha256) DO UPDATE
   SET unused = false,
       look_at = excluded.look_at;

-- name: list_due_recordings(page_size)
-- Returns recordings that are due for a look, and whether a meeting has them. Their rows are locked, so that nobody
-- stores the bytes anew meanwhile; what another sweep looks at is left out.
SELECT sha256,
       unused,
       EXISTS (
           SELECT FROM bot_status.media WHERE media.recording_sha256 = recordings.sha256
       ) AS in_use
  FROM bot_status.recordings
 WHERE look_at <= now()
 ORDER BY look_at
 LIMIT :page_size
   FOR UPDATE SKIP LOCKED;

-- name: note_recordings(hashes, unused, grace)!
-- Notes what a look found, and when the next one is.
UPDATE bot_status.recordings
   SET unused = noted.unused,
       look_at = now() + :grace::interval
  FROM unnest(:hashes::text[], :unused::boolean[]) AS noted (sha256, unused)
 WHERE recordings.sha256 = noted.sha256;

-- name: delete_recordings(hashes)!
-- Forgets recordings whose bytes the sweep has deleted.
DELETE FROM bot_status.recordings WHERE sha256 = ANY (:hashes::text[]);
