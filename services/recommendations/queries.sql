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

-- name: list_scores(owner, previous_start, start_date, end_date, minimum_calls)
-- The calls of everybody (employee is null) and of each employee, beside those of the days before start_date.
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

-- name: list_labels(owner, start_date, end_date)
-- The calls by type, by outcome and by sentiment: each row carries one of the three labels.
SELECT call_type, outcome, sentiment, count(*) AS calls
  FROM recommendations.calls
 WHERE owner = :owner
   AND day BETWEEN :start_date AND :end_date
 GROUP BY GROUPING SETS ((call_type), (outcome), (sentiment))
 ORDER BY calls DESC, call_type, outcome, sentiment;

-- name: list_skills(owner, previous_start, start_date, end_date, minimum_calls)
-- Skills of everybody (employee is null), then of each employee, over the items that applied, beside those of the days
-- before start_date. Each call has one employee, so those of everybody are their sums.
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

-- name: list_advice(owner, start_date, end_date)
-- Per skill of everybody (employee is null) and of each employee: what was advised most often, at most three of it,
-- each with the words of its three latest calls. The three latest of everybody are among those of the employees.
WITH advised AS (
    SELECT calls.employee, advice.skill, advice.text, advice.why, advice.priority,
           calls.day, advice.call_id, advice.quote,
           row_number() OVER (
               PARTITION BY calls.employee, advice.skill,
                            hashtextextended(advice.text, 0), hashtextextended(advice.why, 0)
                   ORDER BY advice.quote = '', calls.day DESC, advice.call_id) AS place
      FROM recommendations.calls
      JOIN recommendations.advice USING (owner, call_id)
     WHERE calls.owner = :owner
       AND calls.day BETWEEN :start_date AND :end_date
), added AS (
    SELECT employee, skill, text, why,
           min(priority) AS priority,
           count(*) AS calls,
           (array_agg(call_id ORDER BY day DESC, call_id)
                FILTER (WHERE place <= 3 AND quote <> ''))[1 : 3] AS quoted_calls,
           (array_agg(quote ORDER BY day DESC, call_id)
                FILTER (WHERE place <= 3 AND quote <> ''))[1 : 3] AS quotes
      FROM advised
     GROUP BY GROUPING SETS ((skill, text, why), (employee, skill, text, why))
), ranked AS (
    SELECT added.*,
           row_number() OVER (
               PARTITION BY employee, skill ORDER BY calls DESC, priority, text, why) AS rank
      FROM added
)
SELECT employee, skill, text, why, priority, calls, quoted_calls, quotes
  FROM ranked
 WHERE rank <= 3
 ORDER BY employee NULLS FIRST, skill, rank;

-- name: write_report(owner, start_date, end_date, execution, calls, score, focus, narrative, actions, author, note, written_at)!
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
SELECT calls, score, focus, narrative, actions, author, note, written_at
  FROM recommendations.reports
 WHERE owner = :owner
   AND start_date = :start_date
   AND end_date = :end_date;

-- name: take_changed_employee(owner)$
-- One employee to tell recommendations of anew; another process that tells them waits for the end of this.
DELETE FROM recommendations.changed_employees
 WHERE owner = :owner
   AND employee = (
           SELECT employee
             FROM recommendations.changed_employees
            WHERE owner = :owner
            ORDER BY employee
            LIMIT 1)
RETURNING employee;

-- name: lock_employee(owner, employee)$
-- Whoever tells recommendations of an employee anew is alone until the end of the transaction.
SELECT pg_advisory_xact_lock(hashtextextended(:owner || '/' || :employee, 0));

-- name: list_skill_calls(owner, employee)
-- The calls of an employee, skill by skill in their order, where it was called for or advised; of skills that were
-- ever advised.
WITH advised AS (
    SELECT DISTINCT ON (advice.skill, calls.call_id)
           advice.skill, calls.call_id, advice.priority, advice.text, advice.why, advice.quote
      FROM recommendations.calls
      JOIN recommendations.advice USING (owner, call_id)
     WHERE calls.owner = :owner
       AND calls.employee = :employee
     ORDER BY advice.skill, calls.call_id, advice.priority, advice.position
), found AS (
    SELECT call_skills.*
      FROM recommendations.calls
      JOIN recommendations.call_skills USING (owner, call_id)
     WHERE calls.owner = :owner
       AND calls.employee = :employee
       AND call_skills.skill IN (SELECT skill FROM advised)
)
SELECT skill,
       call_id,
       calls.day,
       calls.started_at,
       coalesce(found.applicable, 0) AS applicable,
       coalesce(found.completed, 0) AS completed,
       coalesce(found.attempted, 0) AS attempted,
       advised.priority,
       advised.text,
       advised.why,
       advised.quote
  FROM advised
  FULL JOIN found USING (skill, call_id)
  JOIN recommendations.calls USING (call_id)
 WHERE calls.owner = :owner
 ORDER BY skill, calls.started_at, call_id;

-- name: list_employee_recommendations(owner, employee)
SELECT *
  FROM recommendations.employee_recommendations
 WHERE owner = :owner
   AND employee = :employee
 ORDER BY skill, opened_at;

-- name: get_latest_start(owner)$
SELECT max(started_at)
  FROM recommendations.calls
 WHERE owner = :owner
   AND day = (SELECT max(day) FROM recommendations.calls WHERE owner = :owner);

-- name: get_place(owner, id)^
-- Where a recommendation stands in its list, and what of it decides.
SELECT employee, state, opened_at, last_at, first_at, until_at
  FROM recommendations.employee_recommendations
 WHERE owner = :owner
   AND id = :id;

-- name: decide(owner, id, state, closed_by, comment, decided_at, first_at, until_at)!
UPDATE recommendations.employee_recommendations
   SET state = :state,
       closed_day = (:decided_at::timestamptz AT TIME ZONE 'UTC')::date,
       closed_call_id = NULL,
       closed_by = :closed_by,
       comment = :comment,
       decided_at = :decided_at,
       first_at = :first_at,
       until_at = :until_at
 WHERE owner = :owner
   AND id = :id;

-- name: take_decision_back(owner, id)!
UPDATE recommendations.employee_recommendations
   SET closed_by = NULL,
       comment = NULL,
       decided_at = NULL,
       first_at = NULL,
       until_at = NULL
 WHERE owner = :owner
   AND id = :id;

-- name: delete_employee_recommendations(owner, employee)!
DELETE FROM recommendations.employee_recommendations
 WHERE owner = :owner
   AND employee = :employee;

-- name: insert_employee_recommendations(owner, employee, ids, skills, states, priorities, texts, whys, opened_call_ids, opened_days, opened_at, advised_calls, advised_days, advised_at, expires_days, followed, partly, not_followed, last_at, closed_days, closed_call_ids, closed_by, comments, decided_at, first_at, until_at)!
INSERT INTO recommendations.employee_recommendations (
       owner, employee, id, skill, state, priority, text, why, opened_call_id, opened_day,
       opened_at, advised_calls, advised_day, advised_at, expires_day, followed, partly,
       not_followed, last_at, closed_day, closed_call_id, closed_by, comment, decided_at, first_at,
       until_at)
SELECT :owner, :employee, told.*
  FROM unnest(
           :ids::uuid[], :skills::text[], :states::text[], :priorities::int[], :texts::text[],
           :whys::text[], :opened_call_ids::text[], :opened_days::date[],
           :opened_at::timestamptz[], :advised_calls::int[], :advised_days::date[],
           :advised_at::timestamptz[], :expires_days::date[], :followed::int[], :partly::int[],
           :not_followed::int[], :last_at::timestamptz[], :closed_days::date[],
           :closed_call_ids::text[], :closed_by::text[], :comments::text[],
           :decided_at::timestamptz[], :first_at::timestamptz[], :until_at::timestamptz[])
       AS told (id);

-- name: list_recommendations(owner, states, employee, skill, id, after_closed, after_priority, after_age, after_id, page_size)
-- Open ones first, then by priority, then the latest. What is open past its day has expired, as far as the client's
-- calls go.
WITH known AS (
    SELECT *,
           CASE WHEN state = 'OPEN' AND expires_day < (
                         SELECT max(day) FROM recommendations.calls WHERE owner = :owner)
                THEN 'EXPIRED'
                ELSE state
            END AS state_now
      FROM recommendations.employee_recommendations
     WHERE owner = :owner
       AND (:employee::text IS NULL OR employee = :employee)
       AND (:skill = '' OR skill = :skill)
       AND (:id::uuid IS NULL OR id = :id)
), placed AS (
    SELECT *, state_now <> 'OPEN' AS closed, -extract(epoch FROM opened_at)::float8 AS age
      FROM known
), page AS (
    SELECT *
      FROM placed
     WHERE (:states::text[] = '{}' OR state_now = ANY (:states::text[]))
       AND (closed, priority, age, id)
           > (:after_closed::bool, :after_priority::int, :after_age::float8, :after_id::uuid)
     ORDER BY closed, priority, age, id
     LIMIT :page_size
)
SELECT page.*, quoted.call_ids, quoted.days, quoted.quotes
  FROM page
 CROSS JOIN LATERAL (
       SELECT array_agg(latest.call_id) AS call_ids,
              array_agg(latest.day) AS days,
              array_agg(latest.quote) AS quotes
         FROM (SELECT calls.call_id, calls.day, advice.quote
                 FROM recommendations.calls
                 JOIN recommendations.advice USING (owner, call_id)
                WHERE calls.owner = :owner
                  AND calls.employee = page.employee
                  AND calls.started_at BETWEEN page.opened_at AND page.advised_at
                  AND advice.skill = page.skill
                  AND advice.quote <> ''
                ORDER BY calls.started_at DESC, calls.call_id, advice.position
                LIMIT 5) AS latest) AS quoted
 ORDER BY closed, priority, age, id;
