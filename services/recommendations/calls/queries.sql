-- name: note_changed_employees(owner, call_ids, employees)!
-- Notes whose recommendations are to be told anew: the employees of the given calls, and those whose calls these were
-- before, since a call may change hands.
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

-- name: upsert_calls(owner, call_ids, days, started_at, employees, call_types, outcomes, sentiments, scores, told_shares, items)!
-- Writes calls in place of what was known of them, in the order of their ids: two writers lock rows in one order.
INSERT INTO recommendations.calls (
       owner, call_id, day, started_at, employee, call_type, outcome, sentiment, score, told_share,
       items)
SELECT :owner, analysed.*
  FROM unnest(
           :call_ids::text[], :days::date[], :started_at::timestamptz[], :employees::text[],
           :call_types::text[], :outcomes::text[], :sentiments::text[], :scores::float8[],
           :told_shares::float8[], :items::int[]) AS analysed (call_id)
 ORDER BY analysed.call_id
    ON CONFLICT (owner, call_id) DO UPDATE
   SET day = excluded.day,
       started_at = excluded.started_at,
       employee = excluded.employee,
       call_type = excluded.call_type,
       outcome = excluded.outcome,
       sentiment = excluded.sentiment,
       score = excluded.score,
       told_share = excluded.told_share,
       items = excluded.items,
       updated_at = now();

-- name: delete_parts(owner, call_ids)!
-- Deletes the skills, items and advice of calls before they are written anew: a call may have fewer of them than before.
WITH call_skills AS (
    DELETE FROM recommendations.call_skills
     WHERE owner = :owner
       AND call_id = ANY (:call_ids::text[])
), call_items AS (
    DELETE FROM recommendations.call_items
     WHERE owner = :owner
       AND call_id = ANY (:call_ids::text[])
)
DELETE FROM recommendations.advice
 WHERE owner = :owner
   AND call_id = ANY (:call_ids::text[]);

-- name: insert_call_skills(owner, call_ids, skills, days, employees, applicable, completed, attempted, weights, values)!
-- Adds what calls tell of their skills; day and employee are copied, so that a range is one scan of one table.
INSERT INTO recommendations.call_skills (
       owner, call_id, skill, day, employee, applicable, completed, attempted, weight, value)
SELECT :owner, found.*
  FROM unnest(
           :call_ids::text[], :skills::text[], :days::date[], :employees::text[],
           :applicable::int[], :completed::int[], :attempted::int[], :weights::float8[],
           :values::float8[]) AS found (call_id);

-- name: insert_call_items(owner, call_ids, items, skills, days, statuses)!
-- Adds the items of calls that applied.
INSERT INTO recommendations.call_items (owner, call_id, item, skill, day, status)
SELECT :owner, found.*
  FROM unnest(
           :call_ids::text[], :items::text[], :skills::text[], :days::date[], :statuses::text[])
       AS found (call_id);

-- name: insert_advice(owner, call_ids, positions, skills, priorities, texts, whys, quotes, speakers, seconds)!
-- Adds the advice of calls; the position keeps the order in which the analysis gave it.
INSERT INTO recommendations.advice (
       owner, call_id, position, skill, priority, text, why, quote, quote_speaker, quote_seconds)
SELECT :owner, given.*
  FROM unnest(
           :call_ids::text[], :positions::int[], :skills::text[], :priorities::int[],
           :texts::text[], :whys::text[], :quotes::text[], :speakers::text[],
           :seconds::float8[]) AS given (call_id);

-- name: delete_calls(owner, call_ids)!
-- Deletes calls; their skills, items and advice go with them.
DELETE FROM recommendations.calls
 WHERE owner = :owner
   AND call_id = ANY (:call_ids::text[]);

-- name: count_calls(owner, start_date, end_date)^
-- Counts the calls of a range, the items of their checklists and their advice: what the reporting database should hold.
WITH ours AS (
    SELECT owner, call_id, items
      FROM recommendations.calls
     WHERE owner = :owner
       AND day BETWEEN :start_date AND :end_date
)
SELECT (SELECT count(*) FROM ours) AS calls,
       (SELECT coalesce(sum(items), 0) FROM ours) AS items,
       (SELECT count(*) FROM ours JOIN recommendations.advice USING (owner, call_id)) AS advice;
