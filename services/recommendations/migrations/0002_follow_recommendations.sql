-- migrate:up

ALTER TABLE recommendations.calls ADD COLUMN started_at timestamptz;
-- Row-level security would hide every row from the owner of the table, too.
ALTER TABLE recommendations.calls NO FORCE ROW LEVEL SECURITY;
-- Known again when the call is rolled up again; the day will do until then.
UPDATE recommendations.calls SET started_at = day;
ALTER TABLE recommendations.calls ALTER COLUMN started_at SET NOT NULL;
ALTER TABLE recommendations.calls ADD COLUMN items int NOT NULL DEFAULT 0; -- of its checklist
CREATE INDEX calls_of_employees ON recommendations.calls (owner, employee, started_at);

-- The items of the checklists that applied, added up for each call and skill: roll-ups read nothing finer, and what is
-- one row a call needs no count of distinct calls, which Postgres can only sort for.
CREATE TABLE recommendations.call_skills (
    owner      text   NOT NULL,
    call_id    text   NOT NULL,
    skill      text   NOT NULL,
    day        date   NOT NULL, -- of the call, as its employee, so that a range is read without a join
    employee   text   NOT NULL,
    applicable int    NOT NULL,
    completed  int    NOT NULL,
    attempted  int    NOT NULL,
    weight     float8 NOT NULL, -- of the items together
    value      float8 NOT NULL, -- of that what they earned: completed all, attempted half
    CONSTRAINT call_skills_pkey PRIMARY KEY (owner, call_id, skill),
    CONSTRAINT call_skills_of_call FOREIGN KEY (owner, call_id)
        REFERENCES recommendations.calls ON DELETE CASCADE,
    CONSTRAINT call_skills_applicable CHECK (applicable > 0 AND completed + attempted <= applicable)
);
CREATE INDEX call_skills_of_days ON recommendations.call_skills (owner, day);

ALTER TABLE recommendations.findings NO FORCE ROW LEVEL SECURITY;
INSERT INTO recommendations.call_skills (
       owner, call_id, skill, day, employee, applicable, completed, attempted, weight, value)
SELECT owner, call_id, findings.skill, calls.day, calls.employee,
       count(*),
       count(*) FILTER (WHERE findings.status = 'COMPLETED'),
       count(*) FILTER (WHERE findings.status = 'ATTEMPTED'),
       sum(findings.weight),
       sum(findings.weight * CASE findings.status
                                  WHEN 'COMPLETED' THEN 1
                                  WHEN 'ATTEMPTED' THEN 0.5
                                  ELSE 0
                              END)
  FROM recommendations.calls
  JOIN recommendations.findings USING (owner, call_id)
 WHERE findings.status <> 'NOT_APPLICABLE'
 GROUP BY owner, call_id, findings.skill, calls.day, calls.employee;
UPDATE recommendations.calls
   SET items = (
           SELECT count(*)
             FROM recommendations.findings
            WHERE findings.owner = calls.owner
              AND findings.call_id = calls.call_id);
DROP TABLE recommendations.findings;

ALTER TABLE recommendations.reports
    ADD COLUMN narrative text NOT NULL DEFAULT '',
    ADD COLUMN actions text[] NOT NULL DEFAULT '{}',
    ADD COLUMN author text NOT NULL DEFAULT '', -- empty where no narrative was written
    ADD COLUMN note text NOT NULL DEFAULT '';

-- What employees should do better, told anew from their calls whenever those change. What people decided stays: the
-- columns from closed_by on.
CREATE TABLE recommendations.employee_recommendations (
    owner          text        NOT NULL,
    id             uuid        NOT NULL,
    employee       text        NOT NULL, -- empty where unknown
    skill          text        NOT NULL,
    state          text        NOT NULL,
    priority       int         NOT NULL,
    text           text        NOT NULL,
    why            text        NOT NULL,
    opened_call_id text        NOT NULL,
    opened_day     date        NOT NULL,
    opened_at      timestamptz NOT NULL, -- the start of the first call it was advised after
    advised_calls  int         NOT NULL,
    advised_day    date        NOT NULL,
    advised_at     timestamptz NOT NULL, -- that of the last one
    expires_day    date        NOT NULL, -- an open one past it has expired; nobody writes that down
    followed       int         NOT NULL,
    partly         int         NOT NULL,
    not_followed   int         NOT NULL,
    last_at        timestamptz NOT NULL, -- the start of the last call that counts for it
    closed_day     date,
    closed_call_id text,
    closed_by      text,
    comment        text,
    decided_at     timestamptz,
    first_at       timestamptz, -- the start of the first call it was decided over
    until_at       timestamptz, -- and of the last
    CONSTRAINT employee_recommendations_pkey PRIMARY KEY (owner, id),
    CONSTRAINT employee_recommendations_state_known
        CHECK (state IN ('OPEN', 'DONE', 'DISMISSED', 'EXPIRED')),
    CONSTRAINT employee_recommendations_closed CHECK ((state = 'OPEN') = (closed_day IS NULL)),
    CONSTRAINT employee_recommendations_decided
        CHECK (num_nulls(closed_by, comment, decided_at, first_at, until_at) IN (0, 5))
);
CREATE UNIQUE INDEX employee_recommendations_open
    ON recommendations.employee_recommendations (owner, employee, skill) WHERE state = 'OPEN';

-- Employees whose calls have changed since their recommendations were told.
CREATE TABLE recommendations.changed_employees (
    owner    text NOT NULL,
    employee text NOT NULL,
    CONSTRAINT changed_employees_pkey PRIMARY KEY (owner, employee)
);
INSERT INTO recommendations.changed_employees (owner, employee)
SELECT DISTINCT owner, employee
  FROM recommendations.calls;
ALTER TABLE recommendations.calls FORCE ROW LEVEL SECURITY;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['call_skills', 'employee_recommendations', 'changed_employees'] LOOP
        EXECUTE format('ALTER TABLE recommendations.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE recommendations.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY every_row ON recommendations.%I TO recommendations_system USING (true)', name);
        EXECUTE format('CREATE POLICY own_rows ON recommendations.%I FOR SELECT TO recommendations_app '
            'USING (owner = ANY (string_to_array(current_setting(''potok.owners'', true), '','')))', name);
    END LOOP;
END $$;

-- migrate:down
