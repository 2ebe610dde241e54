-- name: note_changed_employees(owner, call_ids, employees)!
-- Those whose calls change, and those who lose calls that change hands.
INSERT INTO recommendations.changed_employees (owner, employee)
SELECT :owner, employee
  FROM unnest(:employees::text[]) AS changed (employee)
 UNION
SELECT owner, employee
  FROM recommendations.calls
 WHERE owner = :owner
   AND call_id = ANY (:call_ids::text[])
 ORDER BY employee
    ON CONFLICT DO NOTHING;

-- name: upsert_calls(owner, call_ids, days, started_at, employees, call_types, outcomes, sentiments, scores, items)!
INSERT INTO recommendations.calls (
       owner, call_id, day, started_at, employee, call_type, outcome, sentiment, score, items)
SELECT :owner, analysed.*
  FROM unnest(
           :call_ids::text[], :days::date[], :started_at::timestamptz[], :employees::text[],
           :call_types::text[], :outcomes::text[], :sentiments::text[], :scores::float8[],
           :items::int[]) AS analysed (call_id)
 ORDER BY analysed.call_id
    ON CONFLICT (owner, call_id) DO UPDATE
   SET day = excluded.day,
       started_at = excluded.started_at,
       employee = excluded.employee,
       call_type = excluded.call_type,
       outcome = excluded.outcome,
       sentiment = excluded.sentiment,
       score = excluded.score,
       items = excluded.items,
       updated_at = now();

-- name: delete_parts(owner, call_ids)!
-- What belongs to calls, before it is written anew.
WITH call_skills AS (
    DELETE FROM recommendations.call_skills
     WHERE owner = :owner
       AND call_id = ANY (:call_ids::text[])
)
DELETE FROM recommendations.advice
 WHERE owner = :owner
   AND call_id = ANY (:call_ids::text[]);

-- name: insert_call_skills(owner, call_ids, skills, days, employees, applicable, completed, attempted, weights, values)!
INSERT INTO recommendations.call_skills (
       owner, call_id, skill, day, employee, applicable, completed, attempted, weight, value)
SELECT :owner, found.*
  FROM unnest(
           :call_ids::text[], :skills::text[], :days::date[], :employees::text[],
           :applicable::int[], :completed::int[], :attempted::int[], :weights::float8[],
           :values::float8[]) AS found (call_id);

-- name: insert_advice(owner, call_ids, positions, skills, priorities, texts, whys, quotes)!
INSERT INTO recommendations.advice (owner, call_id, position, skill, priority, text, why, quote)
SELECT :owner, given.*
  FROM unnest(
           :call_ids::text[], :positions::int[], :skills::text[], :priorities::int[],
           :texts::text[], :whys::text[], :quotes::text[]) AS given (call_id);

-- name: delete_calls(owner, call_ids)!
DELETE FROM recommendations.calls
 WHERE owner = :owner
   AND call_id = ANY (:call_ids::text[]);

-- name: count_calls(owner, start_date, end_date)^
WITH ours AS (
    SELECT owner, call_id, items
      FROM recommendations.calls
     WHERE owner = :owner
       AND day BETWEEN :start_date AND :end_date
)
SELECT (SELECT count(*) FROM ours) AS calls,
       (SELECT coalesce(sum(items), 0) FROM ours) AS items,
       (SELECT count(*) FROM ours JOIN recommendations.advice USING (owner, call_id)) AS advice;
