-- name: get_calls(owner, call_ids)
-- Returns the calls that are known, in the order asked for, with the addresses of their recordings.
SELECT calls.*
  FROM unnest(:call_ids::text[]) WITH ORDINALITY AS asked (call_id, position)
  JOIN call_sync.calls ON calls.owner = :owner AND calls.call_id = asked.call_id
 ORDER BY asked.position;

-- name: upsert_calls(owner, execution, call_ids, days, started_at, directions, durations, employees, contacts, answered, links, merged_into, faults, languages, card_kinds, card_ids, card_links)!
-- Stores calls as their source lists them, unless a later execution has listed them. They are sorted, so that two
-- listings of one owner lock their rows in one order; the columns of recordings stay as they are.
INSERT INTO call_sync.calls AS stored (
       owner, execution, call_id, day, started_at, direction, duration_seconds, employee, contact,
       answered, recording_link, merged_into, fault, language, card_kind, card_id, card_link)
SELECT :owner, :execution, listed.*
  FROM unnest(
           :call_ids::text[], :days::date[], :started_at::timestamptz[], :directions::text[],
           :durations::float8[], :employees::text[], :contacts::text[], :answered::boolean[],
           :links::text[], :merged_into::text[], :faults::text[], :languages::text[], :card_kinds::text[],
           :card_ids::text[], :card_links::text[]) AS listed (call_id)
 ORDER BY listed.call_id
    ON CONFLICT (owner, call_id) DO UPDATE
   SET execution = excluded.execution,
       day = excluded.day,
       started_at = excluded.started_at,
       direction = excluded.direction,
       duration_seconds = excluded.duration_seconds,
       employee = excluded.employee,
       contact = excluded.contact,
       answered = excluded.answered,
       recording_link = excluded.recording_link,
       merged_into = excluded.merged_into,
       fault = excluded.fault,
       language = excluded.language,
       card_kind = excluded.card_kind,
       card_id = excluded.card_id,
       card_link = excluded.card_link,
       updated_at = now()
 WHERE stored.execution <= excluded.execution;

-- name: set_recordings(owner, call_ids, hashes, sizes, content_types, file_names)!
-- Writes where the recordings of calls are kept; a call that was forgotten meanwhile is left out.
UPDATE call_sync.calls
   SET recording_sha256 = kept.sha256,
       recording_size_bytes = kept.size_bytes,
       recording_content_type = kept.content_type,
       recording_file_name = kept.file_name,
       updated_at = now()
  FROM unnest(
           :call_ids::text[], :hashes::text[], :sizes::bigint[], :content_types::text[],
           :file_names::text[]) AS kept (call_id, sha256, size_bytes, content_type, file_name)
 WHERE calls.owner = :owner
   AND calls.call_id = kept.call_id;

-- name: clear_recordings(owner, call_ids)!
-- Takes the recordings away from calls. The bytes stay in the store, where other calls may share them, until a
-- sweep.
UPDATE call_sync.calls
   SET recording_sha256 = NULL,
       recording_size_bytes = NULL,
       recording_content_type = NULL,
       recording_file_name = NULL,
       updated_at = now()
 WHERE owner = :owner
   AND call_id = ANY (:call_ids::text[])
   AND recording_sha256 IS NOT NULL;

-- name: delete_calls(owner, call_ids)!
-- Forgets calls.
DELETE FROM call_sync.calls
 WHERE owner = :owner
   AND call_id = ANY (:call_ids::text[]);

-- name: register_recording(sha256, grace)!
-- Notes a recording that is about to be stored. It waits for a sweep that is about to delete the bytes.
INSERT INTO call_sync.recordings AS known (sha256, look_at)
VALUES (:sha256, now() + :grace::interval)
    ON CONFLICT (sha256) DO UPDATE
   SET look_at = excluded.look_at,
       unused = false;

-- name: list_due_recordings(page_size)
-- Returns recordings that are due for a look, and whether a call has them, or the one that they were coded of. Their
-- rows are locked, so that nobody stores the bytes anew meanwhile; what another sweep looks at is left out.
SELECT recordings.sha256, recordings.unused,
       EXISTS (SELECT FROM call_sync.calls
                WHERE calls.recording_sha256 = recordings.sha256)
       OR EXISTS (SELECT FROM call_sync.renditions
                    JOIN call_sync.calls ON calls.recording_sha256 = renditions.sha256
                   WHERE renditions.played_sha256 = recordings.sha256) AS in_use
  FROM call_sync.recordings
 WHERE look_at <= now()
 ORDER BY look_at
 LIMIT :page_size
   FOR UPDATE OF recordings SKIP LOCKED;

-- name: note_recordings(hashes, unused, grace)!
-- Notes what a look found, and when the next one is.
UPDATE call_sync.recordings
   SET unused = noted.unused,
       look_at = now() + :grace::interval
  FROM unnest(:hashes::text[], :unused::boolean[]) AS noted (sha256, unused)
 WHERE recordings.sha256 = noted.sha256;

-- name: delete_recordings(hashes)!
-- Forgets recordings whose bytes the sweep has deleted.
DELETE FROM call_sync.recordings
 WHERE sha256 = ANY (:hashes::text[]);
