-- name: upsert_calls(client_id, execution, call_ids, attempts, days, started_at, directions, durations, employees, contacts)
-- Returns the calls that are ours to write: those of which no later attempt has written.
INSERT INTO reporting.calls AS stored (
       client_id, execution, call_id, attempt, day, started_at, direction, duration_seconds,
       employee, contact)
SELECT :client_id, :execution, reported.*
  FROM unnest(
           :call_ids::text[], :attempts::int[], :days::date[], :started_at::timestamptz[],
           :directions::text[], :durations::float8[], :employees::text[], :contacts::text[])
       AS reported (call_id)
 ORDER BY reported.call_id
    ON CONFLICT (client_id, call_id) DO UPDATE
   SET execution = excluded.execution,
       attempt = excluded.attempt,
       day = excluded.day,
       started_at = excluded.started_at,
       direction = excluded.direction,
       duration_seconds = excluded.duration_seconds,
       employee = excluded.employee,
       contact = excluded.contact,
       written_at = now()
 WHERE (stored.execution, stored.attempt) <= (excluded.execution, excluded.attempt)
RETURNING call_id;

-- name: delete_parts(client_id, call_ids)!
-- What belongs to calls, before it is written anew.
WITH transcripts AS (
    DELETE FROM reporting.transcripts
     WHERE client_id = :client_id
       AND call_id = ANY (:call_ids::text[])
), analyses AS (
    DELETE FROM reporting.analyses
     WHERE client_id = :client_id
       AND call_id = ANY (:call_ids::text[])
), checklist_items AS (
    DELETE FROM reporting.checklist_items
     WHERE client_id = :client_id
       AND call_id = ANY (:call_ids::text[])
)
DELETE FROM reporting.recommendations
 WHERE client_id = :client_id
   AND call_id = ANY (:call_ids::text[]);

-- name: delete_calls(client_id, call_ids)!
DELETE FROM reporting.calls
 WHERE client_id = :client_id
   AND call_id = ANY (:call_ids::text[]);

-- name: write_report(client_id, start_date, end_date, calls, score, focus, execution, written_at)!
INSERT INTO reporting.range_reports AS stored (
       client_id, start_date, end_date, calls, score, focus, execution, written_at)
VALUES (:client_id, :start_date, :end_date, :calls, :score, :focus, :execution, :written_at)
    ON CONFLICT (client_id, start_date, end_date) DO UPDATE
   SET calls = excluded.calls,
       score = excluded.score,
       focus = excluded.focus,
       execution = excluded.execution,
       written_at = excluded.written_at
 WHERE stored.execution <= excluded.execution;
