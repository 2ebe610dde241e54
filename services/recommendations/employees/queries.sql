-- name: take_changed_employee(owner)$
-- Takes one employee whose recommendations are to be told anew, and returns the name; another process that takes the
-- same one waits for the end of this transaction.
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
-- Lets whoever tells the recommendations of an employee anew do so alone, until the end of the transaction.
SELECT pg_advisory_xact_lock(hashtextextended(:owner || '/' || :employee, 0));

-- name: list_skill_calls(owner, employee)
-- Returns the calls of an employee, skill by skill in their order, in which the skill was called for or advised; skills
-- that were never advised are left out, since nothing can be recommended there.
WITH advised AS (
    SELECT DISTINCT ON (advice.skill, calls.call_id)
           advice.skill, calls.call_id, advice.priority, advice.text, advice.why,
           advice.quote, advice.quote_speaker, advice.quote_seconds
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
       advised.quote,
       advised.quote_speaker,
       advised.quote_seconds
  FROM advised
  FULL JOIN found USING (skill, call_id)
  JOIN recommendations.calls USING (call_id)
 WHERE calls.owner = :owner
 ORDER BY skill, calls.started_at, call_id;

-- name: list_employee_recommendations(owner, employee)
-- Returns what was told of an employee last time: the decisions of people and the ids are carried over from it.
SELECT *
  FROM recommendations.employee_recommendations
 WHERE owner = :owner
   AND employee = :employee
 ORDER BY skill, opened_at;

-- name: get_latest_start(owner)$
-- Returns the start of the owner's latest call: a decision on an open recommendation is taken over the calls up to it.
SELECT max(started_at)
  FROM recommendations.calls
 WHERE owner = :owner
   AND day = (SELECT max(day) FROM recommendations.calls WHERE owner = :owner);

-- name: get_recommendation(owner, id)^
-- Returns what of a recommendation a decision on it goes by.
SELECT employee, skill, state, opened_at, last_at, first_at, until_at
  FROM recommendations.employee_recommendations
 WHERE owner = :owner
   AND id = :id;

-- name: decide(owner, id, state, closed_by, comment, decided_at, first_at, until_at)!
-- Writes the decision of a person; the rest of the row is told anew from it in the same transaction.
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
-- Removes the decision of a person; the rest of the row is told anew without it in the same transaction.
UPDATE recommendations.employee_recommendations
   SET closed_by = NULL,
       comment = NULL,
       decided_at = NULL,
       first_at = NULL,
       until_at = NULL
 WHERE owner = :owner
   AND id = :id;

-- name: insert_audit_entry(owner, actor, action, subject, detail, at)!
-- Keeps who decided on a recommendation, in the transaction of the decision, and who took a report.
INSERT INTO recommendations.audit_entries (owner, actor, action, subject, detail, at)
VALUES (:owner, :actor, :action, :subject, :detail, :at);

-- name: list_audit_entries(owner, before, page_size)
-- Returns a page of who decided on the owner's recommendations and took its reports, newest first.
SELECT *
  FROM recommendations.audit_entries
 WHERE owner = :owner
   AND (:before::bigint IS NULL OR number < :before)
 ORDER BY number DESC
 LIMIT :page_size;

-- name: delete_employee_recommendations(owner, employee)!
-- Deletes all recommendations of an employee, before they are inserted as they were told anew.
DELETE FROM recommendations.employee_recommendations
 WHERE owner = :owner
   AND employee = :employee;

-- name: insert_employee_recommendations(owner, employee, ids, skills, states, priorities, texts, whys, opened_call_ids, opened_days, opened_at, advised_calls, advised_days, advised_at, expires_days, followed, partly, not_followed, last_at, closed_days, closed_call_ids, closed_by, comments, decided_at, first_at, until_at)!
-- Inserts the recommendations of an employee as they were told anew.
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

-- name: list_recommendations(owner, states, employee, skill, id, after_closed, after_priority, after_age, after_id, limit)
-- Returns the recommendations behind a position: open ones first, then by priority, then the latest, each with the
-- latest words of the calls it was advised after. What is open past its day has expired, as far as the client's calls
-- go.
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
), ordered AS (
    SELECT *, state_now <> 'OPEN' AS closed, -extract(epoch FROM opened_at)::float8 AS age
      FROM known
), page AS (
    SELECT *
      FROM ordered
     WHERE (:states::text[] = '{}' OR state_now = ANY (:states::text[]))
       AND (closed, priority, age, id)
           > (:after_closed::bool, :after_priority::int, :after_age::float8, :after_id::uuid)
     ORDER BY closed, priority, age, id
     LIMIT :limit
)
SELECT page.*, quoted.call_ids, quoted.days, quoted.quotes, quoted.seconds
  FROM page
 CROSS JOIN LATERAL (
       SELECT array_agg(latest.call_id) AS call_ids,
              array_agg(latest.day) AS days,
              array_agg(latest.quote) AS quotes,
              array_agg(latest.quote_seconds) AS seconds
         FROM (SELECT calls.call_id, calls.day, advice.quote, advice.quote_seconds
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
