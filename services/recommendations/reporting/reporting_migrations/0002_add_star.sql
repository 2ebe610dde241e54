-- migrate:up

CREATE TABLE reporting.objections (
    client_id text NOT NULL,
    call_id   text NOT NULL,
    position  int  NOT NULL,
    kind      text NOT NULL,
    quote     text NOT NULL,
    CONSTRAINT objections_pkey PRIMARY KEY (client_id, call_id, position),
    CONSTRAINT objections_of_call FOREIGN KEY (client_id, call_id) REFERENCES reporting.calls ON DELETE CASCADE
);
COMMENT ON TABLE reporting.objections IS 'The reservations that were heard, one row each.';
COMMENT ON COLUMN reporting.objections.client_id IS 'Whose call it is.';
COMMENT ON COLUMN reporting.objections.call_id IS 'The call.';
COMMENT ON COLUMN reporting.objections.position IS 'Its place among those of the call, from 0.';
COMMENT ON COLUMN reporting.objections.kind IS 'What kind it is, by the playbook.';
COMMENT ON COLUMN reporting.objections.quote IS 'The words; empty where there are none.';

CREATE TABLE reporting.agreements (
    client_id text NOT NULL,
    call_id   text NOT NULL,
    position  int  NOT NULL,
    text      text NOT NULL,
    side      text NOT NULL,
    due_day   date,
    quote     text NOT NULL,
    CONSTRAINT agreements_pkey PRIMARY KEY (client_id, call_id, position),
    CONSTRAINT agreements_of_call FOREIGN KEY (client_id, call_id) REFERENCES reporting.calls ON DELETE CASCADE
);
COMMENT ON TABLE reporting.agreements IS 'What the two sides settled, one row each.';
COMMENT ON COLUMN reporting.agreements.client_id IS 'Whose call it is.';
COMMENT ON COLUMN reporting.agreements.call_id IS 'The call.';
COMMENT ON COLUMN reporting.agreements.position IS 'Its place among those of the call, from 0.';
COMMENT ON COLUMN reporting.agreements.text IS 'What it is.';
COMMENT ON COLUMN reporting.agreements.side IS 'Which side is to do it: operator or client; empty where nobody says.';
COMMENT ON COLUMN reporting.agreements.due_day IS 'By which day; null where none was named.';
COMMENT ON COLUMN reporting.agreements.quote IS 'The words; empty where there are none.';

CREATE TABLE reporting.call_sides (
    client_id                 text   NOT NULL,
    call_id                   text   NOT NULL,
    side                      text   NOT NULL,
    speech_seconds            float8 NOT NULL,
    words                     int    NOT NULL,
    turns                     int    NOT NULL,
    words_per_minute          float8,
    longest_monologue_seconds float8 NOT NULL,
    questions                 int    NOT NULL,
    interruptions             int,
    response_seconds          float8,
    CONSTRAINT call_sides_pkey PRIMARY KEY (client_id, call_id, side),
    CONSTRAINT call_sides_of_call FOREIGN KEY (client_id, call_id) REFERENCES reporting.calls ON DELETE CASCADE
);
COMMENT ON TABLE reporting.call_sides IS 'How each side spoke, two rows a call; none where speakers are unknown.';
COMMENT ON COLUMN reporting.call_sides.client_id IS 'Whose call it is.';
COMMENT ON COLUMN reporting.call_sides.call_id IS 'The call.';
COMMENT ON COLUMN reporting.call_sides.side IS 'operator (the employee) or client (the other side).';
COMMENT ON COLUMN reporting.call_sides.speech_seconds IS 'How long it spoke.';
COMMENT ON COLUMN reporting.call_sides.words IS 'How many words.';
COMMENT ON COLUMN reporting.call_sides.turns IS 'How many turns.';
COMMENT ON COLUMN reporting.call_sides.words_per_minute IS 'How fast, over turns of at least one and a half seconds; null where there are none.';
COMMENT ON COLUMN reporting.call_sides.longest_monologue_seconds IS 'The longest speech that the other side did not break.';
COMMENT ON COLUMN reporting.call_sides.questions IS 'Turns that ask something.';
COMMENT ON COLUMN reporting.call_sides.interruptions IS 'How often it took the word while the other side spoke; null where overlaps are not recorded.';
COMMENT ON COLUMN reporting.call_sides.response_seconds IS 'How long it usually took to answer, the median; null where it never did.';

CREATE TABLE reporting.employee_recommendations (
    client_id         text   NOT NULL,
    recommendation_id uuid   NOT NULL,
    employee          text   NOT NULL,
    skill             text   NOT NULL,
    state             text   NOT NULL,
    priority          int    NOT NULL,
    text              text   NOT NULL,
    why               text   NOT NULL,
    opened_day        date   NOT NULL,
    opened_call_id    text   NOT NULL,
    advised_calls     int    NOT NULL,
    advised_day       date   NOT NULL,
    followed          int    NOT NULL,
    partly            int    NOT NULL,
    not_followed      int    NOT NULL,
    closed_day        date,
    closed_by         text   NOT NULL,
    comment           text   NOT NULL,
    execution         bigint NOT NULL,
    CONSTRAINT employee_recommendations_pkey PRIMARY KEY (client_id, recommendation_id)
);
COMMENT ON TABLE reporting.employee_recommendations IS 'What each employee should do better and what became of it, as of the last run.';
COMMENT ON COLUMN reporting.employee_recommendations.client_id IS 'Whose calls.';
COMMENT ON COLUMN reporting.employee_recommendations.recommendation_id IS 'The recommendation.';
COMMENT ON COLUMN reporting.employee_recommendations.employee IS 'Who should do it; empty for calls of which nobody knows whose they are.';
COMMENT ON COLUMN reporting.employee_recommendations.skill IS 'The skill it would better.';
COMMENT ON COLUMN reporting.employee_recommendations.state IS 'open, done, dismissed or expired.';
COMMENT ON COLUMN reporting.employee_recommendations.priority IS 'The most urgent it was advised with; 1 comes first.';
COMMENT ON COLUMN reporting.employee_recommendations.text IS 'What to do.';
COMMENT ON COLUMN reporting.employee_recommendations.why IS 'What for.';
COMMENT ON COLUMN reporting.employee_recommendations.opened_day IS 'The day of the first call it was advised after.';
COMMENT ON COLUMN reporting.employee_recommendations.opened_call_id IS 'That call.';
COMMENT ON COLUMN reporting.employee_recommendations.advised_calls IS 'In how many calls it was advised.';
COMMENT ON COLUMN reporting.employee_recommendations.advised_day IS 'The day of the last of them.';
COMMENT ON COLUMN reporting.employee_recommendations.followed IS 'In how many later calls it was followed.';
COMMENT ON COLUMN reporting.employee_recommendations.partly IS 'In how many it was followed in part.';
COMMENT ON COLUMN reporting.employee_recommendations.not_followed IS 'In how many it was not.';
COMMENT ON COLUMN reporting.employee_recommendations.closed_day IS 'The day it was settled on; null while it is open.';
COMMENT ON COLUMN reporting.employee_recommendations.closed_by IS 'Who closed it; empty where its calls did.';
COMMENT ON COLUMN reporting.employee_recommendations.comment IS 'What they wrote to that.';
COMMENT ON COLUMN reporting.employee_recommendations.execution IS 'The execution that wrote the row.';

ALTER TABLE reporting.analyses
    ADD COLUMN span_seconds float8,
    ADD COLUMN overlap_seconds float8,
    ADD COLUMN long_pauses int,
    ADD COLUMN longest_pause_seconds float8;
COMMENT ON COLUMN reporting.analyses.span_seconds IS 'From the first word to the last.';
COMMENT ON COLUMN reporting.analyses.overlap_seconds IS 'How long both sides spoke at once; null where one channel carries both.';
COMMENT ON COLUMN reporting.analyses.long_pauses IS 'How many silences of more than three seconds there were.';
COMMENT ON COLUMN reporting.analyses.longest_pause_seconds IS 'The longest of them; 0 where there were none.';

ALTER TABLE reporting.range_reports
    ADD COLUMN narrative text NOT NULL DEFAULT '',
    ADD COLUMN actions text[] NOT NULL DEFAULT '{}',
    ADD COLUMN author text NOT NULL DEFAULT '',
    ADD COLUMN note text NOT NULL DEFAULT '';
COMMENT ON COLUMN reporting.range_reports.narrative IS 'What the figures say, for people.';
COMMENT ON COLUMN reporting.range_reports.actions IS 'What to do first, at most three.';
COMMENT ON COLUMN reporting.range_reports.author IS 'Who wrote the narrative: rules, or a language model by its name.';
COMMENT ON COLUMN reporting.range_reports.note IS 'Why it is not the language model''s, where one was to write it; empty otherwise.';

-- The dimensions hold nothing of their own, so they are views: never stale, and empty of what has left.
CREATE VIEW reporting.employees AS
SELECT client_id, employee, count(*) AS calls, min(day) AS first_day, max(day) AS last_day
  FROM reporting.calls
 GROUP BY client_id, employee;
COMMENT ON VIEW reporting.employees IS 'Who had calls, one row for each client and employee.';
COMMENT ON COLUMN reporting.employees.client_id IS 'Whose employee.';
COMMENT ON COLUMN reporting.employees.employee IS 'Who; empty where unknown.';
COMMENT ON COLUMN reporting.employees.calls IS 'How many calls they had.';
COMMENT ON COLUMN reporting.employees.first_day IS 'The day of the first.';
COMMENT ON COLUMN reporting.employees.last_day IS 'The day of the last.';

CREATE VIEW reporting.dates AS
SELECT made::date AS day,
       extract(isoyear FROM made)::int AS iso_year,
       extract(week FROM made)::int AS iso_week,
       extract(year FROM made)::int AS year,
       extract(quarter FROM made)::int AS quarter,
       extract(month FROM made)::int AS month,
       extract(isodow FROM made)::int AS weekday,
       extract(isodow FROM made) > 5 AS weekend
  FROM generate_series(
           least((SELECT min(day) FROM reporting.calls), (SELECT min(start_date) FROM reporting.range_reports)),
           greatest((SELECT max(day) FROM reporting.calls), (SELECT max(end_date) FROM reporting.range_reports)),
           interval '1 day') AS made;
COMMENT ON COLUMN reporting.calls.duration_seconds IS 'How long it lasted by its source, else by its recording.';
COMMENT ON VIEW reporting.dates IS 'Every day from the first to the last that calls or reports are about, those without calls too.';
COMMENT ON COLUMN reporting.dates.day IS 'The day.';
COMMENT ON COLUMN reporting.dates.iso_year IS 'The year its ISO week belongs to.';
COMMENT ON COLUMN reporting.dates.iso_week IS 'The number of its ISO week, 1 to 53.';
COMMENT ON COLUMN reporting.dates.year IS 'Its year.';
COMMENT ON COLUMN reporting.dates.quarter IS 'Its quarter, 1 to 4.';
COMMENT ON COLUMN reporting.dates.month IS 'Its month, 1 to 12.';
COMMENT ON COLUMN reporting.dates.weekday IS '1 for Monday to 7 for Sunday.';
COMMENT ON COLUMN reporting.dates.weekend IS 'Whether it is a Saturday or a Sunday.';

-- migrate:down
