-- name: get_calls(owner, call_ids)
-- In the order asked for.
SELECT calls.*
  FROM unnest(:call_ids::text[]) WITH ORDINALITY AS wanted (call_id, position)
  JOIN call_sync.calls ON calls.owner = :owner AND calls.call_id = wanted.call_id
 ORDER BY wanted.position;

-- name: upsert_calls(owner, execution, call_ids, days, started_at, directions, durations, employees, contacts, answered, links)!
-- Sorted, so that two listings of one owner lock rows in one order.
INSERT INTO call_sync.calls AS stored (
       owner, execution, call_id, day, started_at, direction, duration_seconds, employee, contact,
       answered, recording_link)
SELECT :owner, :execution, listed.*
  FROM unnest(
           :call_ids::text[], :days::date[], :started_at::timestamptz[], :directions::text[],
           :durations::float8[], :employees::text[], :contacts::text[], :answered::boolean[],
           :links::text[]) AS listed (call_id)
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
       updated_at = now()
 WHERE stored.execution <= excluded.execution;

-- name: set_recordings(owner, call_ids, hashes, sizes, content_types, file_names)!
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
DELETE FROM call_sync.calls
 WHERE owner = :owner
   AND call_id = ANY (:call_ids::text[]);
