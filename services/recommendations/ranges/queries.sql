-- name: list_scores(owner, previous_start, start_date, end_date, minimum_calls)
-- Returns the calls of everybody (employee is null) and of each employee, beside those of the days before start_date.
WITH tallied AS (
    SELECT employee,
           grouping(employee) = 1 AS everybody,
           count(*) FILTER (WHERE day >= :start_date) AS calls,
           count(score) FILTER (WHERE day >= :start_date) AS scored,
           avg(score) FILTER (WHERE day >= :start_date) AS score,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY score) FILTER (WHERE day >= :start_date)
               AS median_score,
           count(*) FILTER (WHERE day < :start_date) AS previous_calls,
           count(score) FILTER (WHERE day < :start_date) AS previous_scored,
           avg(score) FILTER (WHERE day < :start_date) AS previous_score
      FROM recommendations.calls
     WHERE owner = :owner
       AND day BETWEEN :previous_start AND :end_date
     GROUP BY GROUPING SETS ((), (employee))
)
SELECT employee, calls, calls - scored AS unscored_calls, score, median_score,
       scored >= :minimum_calls AS enough,
       previous_calls,
       CASE WHEN least(scored, previous_scored) >= :minimum_calls THEN score - previous_score
        END AS score_delta
  FROM tallied
 WHERE everybody OR calls > 0
 ORDER BY everybody DESC, calls DESC, employee;

-- name: list_labels(owner, start_date, end_date)
-- Counts the calls by type, by outcome and by sentiment: each row carries one of the three labels.
SELECT call_type, outcome, sentiment, count(*) AS calls
  FROM recommendations.calls
 WHERE owner = :owner
   AND day BETWEEN :start_date AND :end_date
 GROUP BY GROUPING SETS ((call_type), (outcome), (sentiment))
 ORDER BY calls DESC, call_type, outcome, sentiment;

-- name: list_skills(owner, previous_start, start_date, end_date, minimum_calls)
-- Returns the skills of everybody (employee is null), then of each employee, over the items that applied, beside those
-- of the days before start_date. Each call has one employee, so those of everybody are their sums.
WITH tallied AS (
    SELECT employee, skill, day >= :start_date AS now,
           count(*) AS calls,
           sum(applicable) AS applicable,
           sum(completed) AS completed,
           count(*) FILTER (WHERE completed < applicable) AS failing_calls,
           sum(weight) AS weight,
           sum(value) AS value
      FROM recommendations.call_skills
     WHERE owner = :owner
       AND day BETWEEN :previous_start AND :end_date
     GROUP BY employee, skill, now
), added AS (
    SELECT employee, skill,
           coalesce(sum(calls) FILTER (WHERE now), 0)::int AS calls,
           (sum(applicable) FILTER (WHERE now))::int AS applicable,
           (sum(completed) FILTER (WHERE now))::int AS completed,
           (sum(failing_calls) FILTER (WHERE now))::int AS failing_calls,
           100 * sum(value) FILTER (WHERE now) / nullif(sum(weight) FILTER (WHERE now), 0) AS score,
           coalesce(sum(calls) FILTER (WHERE NOT now), 0)::int AS previous_calls,
           (sum(completed) FILTER (WHERE NOT now) / sum(applicable) FILTER (WHERE NOT now))::float8
               AS previous_share,
           100 * sum(value) FILTER (WHERE NOT now)
               / nullif(sum(weight) FILTER (WHERE NOT now), 0) AS previous_score
      FROM tallied
     GROUP BY GROUPING SETS ((skill), (employee, skill))
)
SELECT employee, skill, calls, applicable, completed, failing_calls, score,
       calls >= :minimum_calls AS enough,
       previous_calls,
       CASE WHEN least(calls, previous_calls) >= :minimum_calls
            THEN completed::float8 / applicable - previous_share
        END AS share_delta,
       CASE WHEN least(calls, previous_calls) >= :minimum_calls THEN score - previous_score
        END AS score_delta
  FROM added
 WHERE calls > 0
 ORDER BY employee NULLS FIRST, failing_calls DESC, skill;

-- name: list_days(owner, start_date, end_date)
-- Returns the calls of each day that has some: of everybody (employee is null) first, then of each employee.
SELECT day, employee, count(*)::int AS calls, avg(score) AS score
  FROM recommendations.calls
 WHERE owner = :owner
   AND day BETWEEN :start_date AND :end_date
 GROUP BY GROUPING SETS ((day), (day, employee))
 ORDER BY day, employee NULLS FIRST;

-- name: list_items(owner, start_date, end_date, minimum_calls)
-- Returns the items of everybody that applied, those first that were not completed in most of the calls that tell.
WITH added AS (
    SELECT item, skill,
           (count(*) FILTER (WHERE status <> 'CANNOT_BE_TOLD'))::int AS calls,
           (count(*) FILTER (WHERE status = 'COMPLETED'))::int AS completed,
           (count(*) FILTER (WHERE status = 'ATTEMPTED'))::int AS attempted,
           (count(*) FILTER (WHERE status = 'CANNOT_BE_TOLD'))::int AS untold_calls
      FROM recommendations.call_items
     WHERE owner = :owner
       AND day BETWEEN :start_date AND :end_date
     GROUP BY item, skill
)
SELECT added.*, calls >= :minimum_calls AS enough
  FROM added
 ORDER BY calls - completed DESC, item, skill;

-- name: list_advice(owner, start_date, end_date)
-- Returns per skill of everybody (employee is null) and of each employee what was advised most often, at most three of
-- it, each with the words of its three latest calls. The three latest of everybody are among those of the employees.
WITH advised AS (
    SELECT calls.employee, advice.skill, advice.text, advice.why, advice.priority,
           calls.day, advice.call_id, advice.quote, advice.quote_seconds,
           row_number() OVER (
               PARTITION BY calls.employee, advice.skill,
                            hashtextextended(advice.text, 0), hashtextextended(advice.why, 0)
                   ORDER BY advice.quote = '', calls.day DESC, advice.call_id) AS position
      FROM recommendations.calls
      JOIN recommendations.advice USING (owner, call_id)
     WHERE calls.owner = :owner
       AND calls.day BETWEEN :start_date AND :end_date
), added AS (
    SELECT employee, skill, text, why,
           min(priority) AS priority,
           count(*) AS calls,
           (array_agg(call_id ORDER BY day DESC, call_id)
                FILTER (WHERE position <= 3 AND quote <> ''))[1 : 3] AS quoted_calls,
           (array_agg(quote ORDER BY day DESC, call_id)
                FILTER (WHERE position <= 3 AND quote <> ''))[1 : 3] AS quotes,
           (array_agg(quote_seconds ORDER BY day DESC, call_id)
                FILTER (WHERE position <= 3 AND quote <> ''))[1 : 3] AS seconds
      FROM advised
     GROUP BY GROUPING SETS ((skill, text, why), (employee, skill, text, why))
), ranked AS (
    SELECT added.*,
           row_number() OVER (
               PARTITION BY employee, skill ORDER BY calls DESC, priority, text, why) AS rank
      FROM added
)
SELECT employee, skill, text, why, priority, calls, quoted_calls, quotes, seconds
  FROM ranked
 WHERE rank <= 3
 ORDER BY employee NULLS FIRST, skill, rank;

-- name: write_report(owner, start_date, end_date, execution, calls, score, focus, narrative, actions, author, note, written_at)!
-- Writes the report of a range in place of an earlier one; that of a later execution stays.
INSERT INTO recommendations.reports AS stored (
       owner, start_date, end_date, execution, calls, score, focus, narrative, actions, author,
       note, written_at)
VALUES (:owner, :start_date, :end_date, :execution, :calls, :score, :focus, :narrative, :actions,
        :author, :note, :written_at)
    ON CONFLICT (owner, start_date, end_date) DO UPDATE
   SET execution = excluded.execution,
       calls = excluded.calls,
       score = excluded.score,
       focus = excluded.focus,
       narrative = excluded.narrative,
       actions = excluded.actions,
       author = excluded.author,
       note = excluded.note,
       written_at = excluded.written_at
 WHERE stored.execution <= excluded.execution;

-- name: get_report(owner, start_date, end_date)^
-- Returns the report of exactly this range.
SELECT calls, score, focus, narrative, actions, author, note, written_at
  FROM recommendations.reports
 WHERE owner = :owner
   AND start_date = :start_date
   AND end_date = :end_date;
