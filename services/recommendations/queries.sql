-- name: upsert_calls(owner, call_ids, days, employees, call_types, outcomes, sentiments, scores)!
INSERT INTO recommendations.calls (owner, call_id, day, employee, call_type, outcome, sentiment, score)
SELECT :owner, analysed.*
  FROM unnest(
           :call_ids::text[], :days::date[], :employees::text[], :call_types::text[],
           :outcomes::text[], :sentiments::text[], :scores::float8[]) AS analysed (call_id)
 ORDER BY analysed.call_id
    ON CONFLICT (owner, call_id) DO UPDATE
   SET day = excluded.day,
       employee = excluded.employee,
       call_type = excluded.call_type,
       outcome = excluded.outcome,
       sentiment = excluded.sentiment,
       score = excluded.score,
       updated_at = now();

-- name: delete_parts(owner, call_ids)!
-- What belongs to calls, before it is written anew.
WITH findings AS (
    DELETE FROM recommendations.findings
     WHERE owner = :owner
       AND call_id = ANY (:call_ids::text[])
)
DELETE FROM recommendations.advice
 WHERE owner = :owner
   AND call_id = ANY (:call_ids::text[]);

-- name: insert_findings(owner, call_ids, items, skills, statuses, weights, quotes)!
INSERT INTO recommendations.findings (owner, call_id, item, skill, status, weight, quote)
SELECT :owner, found.*
  FROM unnest(
           :call_ids::text[], :items::text[], :skills::text[], :statuses::text[],
           :weights::float8[], :quotes::text[]) AS found (call_id);

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

-- name: get_totals(owner, start_date, end_date)^
SELECT count(*) AS calls, avg(score) AS score
  FROM recommendations.calls
 WHERE owner = :owner
   AND day BETWEEN :start_date AND :end_date;

-- name: list_labels(owner, start_date, end_date)
-- The calls by type, by outcome and by sentiment: each row carries one of the three labels.
SELECT call_type, outcome, sentiment, count(*) AS calls
  FROM recommendations.calls
 WHERE owner = :owner
   AND day BETWEEN :start_date AND :end_date
 GROUP BY GROUPING SETS ((call_type), (outcome), (sentiment))
 ORDER BY calls DESC, call_type, outcome, sentiment;

-- name: list_employees(owner, start_date, end_date)
SELECT employee, count(*) AS calls, avg(score) AS score
  FROM recommendations.calls
 WHERE owner = :owner
   AND day BETWEEN :start_date AND :end_date
 GROUP BY employee
 ORDER BY calls DESC, employee;

-- name: list_skills(owner, start_date, end_date, minimum_calls)
-- Skills of everybody (employee is null), then of each employee, over the items that applied.
SELECT calls.employee,
       findings.skill,
       count(DISTINCT findings.call_id) AS calls,
       count(*) AS applicable,
       count(*) FILTER (WHERE findings.status = 'COMPLETED') AS completed,
       count(DISTINCT findings.call_id) FILTER (WHERE findings.status <> 'COMPLETED') AS failing_calls,
       100 * sum(findings.weight * CASE findings.status
                                        WHEN 'COMPLETED' THEN 1
                                        WHEN 'ATTEMPTED' THEN 0.5
                                        WHEN 'NOT_REACHED' THEN 0
                                    END) / nullif(sum(findings.weight), 0) AS score,
       count(DISTINCT findings.call_id) >= :minimum_calls::int AS enough
  FROM recommendations.calls
  JOIN recommendations.findings USING (owner, call_id)
 WHERE calls.owner = :owner
   AND calls.day BETWEEN :start_date AND :end_date
   AND findings.status <> 'NOT_APPLICABLE'
 GROUP BY GROUPING SETS ((findings.skill), (calls.employee, findings.skill))
 ORDER BY calls.employee NULLS FIRST, failing_calls DESC, findings.skill;

-- name: list_advice(owner, start_date, end_date)
-- Per skill of everybody (employee is null) and of each employee: what was advised most often, at most three of it,
-- each with the words of its three latest calls.
WITH advised AS (
    SELECT calls.employee,
           advice.skill,
           advice.text,
           advice.why,
           min(advice.priority) AS priority,
           count(DISTINCT advice.call_id) AS calls,
           (array_agg(advice.call_id ORDER BY calls.day DESC, advice.call_id)
                FILTER (WHERE advice.quote <> ''))[1 : 3] AS quoted_calls,
           (array_agg(advice.quote ORDER BY calls.day DESC, advice.call_id)
                FILTER (WHERE advice.quote <> ''))[1 : 3] AS quotes
      FROM recommendations.calls
      JOIN recommendations.advice USING (owner, call_id)
     WHERE calls.owner = :owner
       AND calls.day BETWEEN :start_date AND :end_date
     GROUP BY GROUPING SETS (
           (advice.skill, advice.text, advice.why),
           (calls.employee, advice.skill, advice.text, advice.why))
), ranked AS (
    SELECT advised.*,
           row_number() OVER (
               PARTITION BY employee, skill ORDER BY calls DESC, priority, text, why) AS rank
      FROM advised
)
SELECT employee, skill, text, why, priority, calls, quoted_calls, quotes
  FROM ranked
 WHERE rank <= 3
 ORDER BY employee NULLS FIRST, skill, rank;

-- name: write_report(owner, start_date, end_date, execution, calls, score, focus, written_at)!
INSERT INTO recommendations.reports AS stored (
       owner, start_date, end_date, execution, calls, score, focus, written_at)
VALUES (:owner, :start_date, :end_date, :execution, :calls, :score, :focus, :written_at)
    ON CONFLICT (owner, start_date, end_date) DO UPDATE
   SET execution = excluded.execution,
       calls = excluded.calls,
       score = excluded.score,
       focus = excluded.focus,
       written_at = excluded.written_at
 WHERE stored.execution <= excluded.execution;

-- name: get_report(owner, start_date, end_date)^
SELECT calls, score, focus, written_at
  FROM recommendations.reports
 WHERE owner = :owner
   AND start_date = :start_date
   AND end_date = :end_date;
