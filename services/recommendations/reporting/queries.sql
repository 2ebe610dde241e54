-- name: make_batch()#
-- Makes the temporary table that a batch of calls is copied to: COPY is the fastest way in, but knows no conflict.
CREATE TEMP TABLE batch (LIKE reporting.calls INCLUDING DEFAULTS) ON COMMIT DROP;

-- name: upsert_calls()
-- Writes the calls of the batch and returns those that are ours to write: a call that a later attempt has written stays
-- as it is.
INSERT INTO reporting.calls AS stored
SELECT *
  FROM pg_temp.batch
 ORDER BY call_id
    ON CONFLICT (client_id, call_id) DO UPDATE
   SET execution = excluded.execution,
       attempt = excluded.attempt,
       day = excluded.day,
       started_at = excluded.started_at,
       direction = excluded.direction,
       duration_seconds = excluded.duration_seconds,
       employee = excluded.employee,
       contact = excluded.contact,
       written_at = excluded.written_at
 WHERE (stored.execution, stored.attempt) <= (excluded.execution, excluded.attempt)
RETURNING call_id;

-- name: delete_parts(client_id, call_ids)!
-- Deletes what belongs to calls, before it is written anew.
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
), objections AS (
    DELETE FROM reporting.objections
     WHERE client_id = :client_id
       AND call_id = ANY (:call_ids::text[])
), agreements AS (
    DELETE FROM reporting.agreements
     WHERE client_id = :client_id
       AND call_id = ANY (:call_ids::text[])
), call_sides AS (
    DELETE FROM reporting.call_sides
     WHERE client_id = :client_id
       AND call_id = ANY (:call_ids::text[])
)
DELETE FROM reporting.recommendations
 WHERE client_id = :client_id
   AND call_id = ANY (:call_ids::text[]);

-- name: delete_calls(client_id, call_ids)!
-- Deletes calls; the rows of all other tables go with them.
DELETE FROM reporting.calls
 WHERE client_id = :client_id
   AND call_id = ANY (:call_ids::text[]);

-- name: count_calls(client_id, start_date, end_date)
-- Counts the rows of each table that belong to calls of a range.
WITH ours AS (
    SELECT client_id, call_id
      FROM reporting.calls
     WHERE client_id = :client_id
       AND day BETWEEN :start_date AND :end_date
)
SELECT 1 AS position, 'calls' AS table_name, count(*) AS rows
  FROM ours
 UNION ALL
SELECT 2, 'transcripts', count(*)
  FROM ours
  JOIN reporting.transcripts USING (client_id, call_id)
 UNION ALL
SELECT 3, 'analyses', count(*)
  FROM ours
  JOIN reporting.analyses USING (client_id, call_id)
 UNION ALL
SELECT 4, 'checklist_items', count(*)
  FROM ours
  JOIN reporting.checklist_items USING (client_id, call_id)
 UNION ALL
SELECT 5, 'recommendations', count(*)
  FROM ours
  JOIN reporting.recommendations USING (client_id, call_id)
 UNION ALL
SELECT 6, 'objections', count(*)
  FROM ours
  JOIN reporting.objections USING (client_id, call_id)
 UNION ALL
SELECT 7, 'agreements', count(*)
  FROM ours
  JOIN reporting.agreements USING (client_id, call_id)
 UNION ALL
SELECT 8, 'call_sides', count(*)
  FROM ours
  JOIN reporting.call_sides USING (client_id, call_id)
 ORDER BY position;

-- name: write_report(client_id, start_date, end_date, calls, score, focus, narrative, actions, author, note, execution, written_at)!
-- Writes the report of a range in place of an earlier one; that of a later execution stays.
INSERT INTO reporting.range_reports AS stored (
       client_id, start_date, end_date, calls, score, focus, narrative, actions, author, note,
       execution, written_at)
VALUES (:client_id, :start_date, :end_date, :calls, :score, :focus, :narrative, :actions, :author,
        :note, :execution, :written_at)
    ON CONFLICT (client_id, start_date, end_date) DO UPDATE
   SET calls = excluded.calls,
       score = excluded.score,
       focus = excluded.focus,
       narrative = excluded.narrative,
       actions = excluded.actions,
       author = excluded.author,
       note = excluded.note,
       execution = excluded.execution,
       written_at = excluded.written_at
 WHERE stored.execution <= excluded.execution;

-- name: lock_client(client_id)$
-- Lets whoever writes the recommendations of a client do so alone, until the end of the transaction.
SELECT pg_advisory_xact_lock(hashtextextended('reporting/' || :client_id, 0));

-- name: has_later_recommendations(client_id, execution)$
-- Tells whether a later execution has written the recommendations of a client, which then stay.
SELECT EXISTS (
    SELECT FROM reporting.employee_recommendations
     WHERE client_id = :client_id
       AND execution > :execution);

-- name: delete_employee_recommendations(client_id)!
-- Deletes all recommendations of a client, before they are written anew.
DELETE FROM reporting.employee_recommendations
 WHERE client_id = :client_id;
