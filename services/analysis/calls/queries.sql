-- name: get_analyses(owner, call_ids)
-- Returns the analyses that there are of some calls, in the order asked for.
SELECT analyses.body
  FROM unnest(:call_ids::text[]) WITH ORDINALITY AS asked (call_id, position)
  JOIN analysis.analyses ON analyses.owner = :owner AND analyses.call_id = asked.call_id
 ORDER BY asked.position;

-- name: list_analyses(owner, start_date, end_date, call_type, outcome, sentiment, employee, min_score, max_score, after_day, after_started_at, after_call_id, limit)
-- Returns the analyses that a filter selects after a position; null selects everything, analyses without such a value too.
SELECT body
  FROM analysis.analyses
 WHERE owner = :owner
   AND day BETWEEN :start_date AND :end_date
   AND (day, started_at, call_id)
       > (:after_day::date, :after_started_at::timestamptz, :after_call_id::text)
   AND (:call_type::text IS NULL OR call_type = :call_type)
   AND (:outcome::text IS NULL OR outcome = :outcome)
   AND (:sentiment::text IS NULL OR sentiment = :sentiment)
   AND (:employee::text IS NULL OR employee = :employee)
   AND (:min_score::float8 IS NULL OR score >= :min_score)
   AND (:max_score::float8 IS NULL OR score <= :max_score)
 ORDER BY day, started_at, call_id
 LIMIT :limit;

-- name: store_analyses(owner, execution, call_ids, days, started_at, employees, call_types, outcomes, sentiments, scores, bodies)!
-- Writes analyses over those of earlier executions, sorted, so that two writers of one owner lock rows in one order.
INSERT INTO analysis.analyses AS stored (
       owner, execution, call_id, day, started_at, employee, call_type, outcome, sentiment, score,
       body)
SELECT :owner, :execution, written.*
  FROM unnest(
           :call_ids::text[], :days::date[], :started_at::timestamptz[], :employees::text[],
           :call_types::text[], :outcomes::text[], :sentiments::text[], :scores::float8[],
           :bodies::bytea[]) AS written (call_id)
 ORDER BY written.call_id
    ON CONFLICT (owner, call_id) DO UPDATE
   SET execution = excluded.execution,
       day = excluded.day,
       started_at = excluded.started_at,
       employee = excluded.employee,
       call_type = excluded.call_type,
       outcome = excluded.outcome,
       sentiment = excluded.sentiment,
       score = excluded.score,
       body = excluded.body,
       updated_at = now()
 WHERE stored.execution <= excluded.execution;

-- name: delete_analyses(owner, call_ids)!
-- Forgets the analyses of calls that are gone.
DELETE FROM analysis.analyses
 WHERE owner = :owner
   AND call_id = ANY (:call_ids::text[]);
