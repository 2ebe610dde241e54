-- migrate:up

-- What BI tools read. These tables are written by the stage REPORTING alone and may be dropped and filled again by a
-- run in mode ALL; docs/reporting.md shows what to ask them.
CREATE TABLE reporting.calls (
    client_id        text        NOT NULL,
    call_id          text        NOT NULL,
    day              date        NOT NULL,
    started_at       timestamptz NOT NULL,
    direction        text        NOT NULL,
    duration_seconds float8,
    employee         text        NOT NULL,
    contact          text        NOT NULL,
    execution        bigint      NOT NULL,
    attempt          int         NOT NULL,
    written_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT calls_pkey PRIMARY KEY (client_id, call_id)
);
CREATE INDEX calls_of_days ON reporting.calls (client_id, day);
COMMENT ON TABLE reporting.calls IS 'One row for each analysed call; a call that its source forgets leaves all tables.';
COMMENT ON COLUMN reporting.calls.client_id IS 'Whose call it is.';
COMMENT ON COLUMN reporting.calls.call_id IS 'The call; unique for its client.';
COMMENT ON COLUMN reporting.calls.day IS 'The day of the call in the time zone of the client.';
COMMENT ON COLUMN reporting.calls.started_at IS 'When the call began.';
COMMENT ON COLUMN reporting.calls.direction IS 'Which side placed it: incoming, outgoing or unknown.';
COMMENT ON COLUMN reporting.calls.duration_seconds IS 'How long it lasted by its source; null where the source does not say.';
COMMENT ON COLUMN reporting.calls.employee IS 'Who took or placed it; empty where unknown.';
COMMENT ON COLUMN reporting.calls.contact IS 'The other side, mostly a phone number: personal data; empty where unknown.';
COMMENT ON COLUMN reporting.calls.execution IS 'The execution that wrote the rows of the call.';
COMMENT ON COLUMN reporting.calls.attempt IS 'The attempt of that execution; a lower pair never replaces a higher one.';
COMMENT ON COLUMN reporting.calls.written_at IS 'When the rows of the call were written.';

CREATE TABLE reporting.transcripts (
    client_id text NOT NULL,
    call_id   text NOT NULL,
    language  text NOT NULL,
    text      text NOT NULL,
    CONSTRAINT transcripts_pkey PRIMARY KEY (client_id, call_id),
    CONSTRAINT transcripts_of_call FOREIGN KEY (client_id, call_id) REFERENCES reporting.calls ON DELETE CASCADE
);
COMMENT ON TABLE reporting.transcripts IS 'What was said, one row a call.';
COMMENT ON COLUMN reporting.transcripts.client_id IS 'Whose call it is.';
COMMENT ON COLUMN reporting.transcripts.call_id IS 'The call.';
COMMENT ON COLUMN reporting.transcripts.language IS 'The language it was listened to in, ISO 639-1.';
COMMENT ON COLUMN reporting.transcripts.text IS 'A line for each turn: operator, client or unknown, a colon and the words.';

CREATE TABLE reporting.analyses (
    client_id           text   NOT NULL,
    call_id             text   NOT NULL,
    call_type           text   NOT NULL,
    outcome             text   NOT NULL,
    sentiment           text   NOT NULL,
    score               float8,
    summary             text   NOT NULL,
    objections          text[] NOT NULL,
    operator_talk_share float8,
    silence_share       float8,
    judge               text   NOT NULL,
    playbook            text   NOT NULL,
    CONSTRAINT analyses_pkey PRIMARY KEY (client_id, call_id),
    CONSTRAINT analyses_of_call FOREIGN KEY (client_id, call_id) REFERENCES reporting.calls ON DELETE CASCADE
);
COMMENT ON TABLE reporting.analyses IS 'What was found about a call, one row a call; labels are words of its playbook.';
COMMENT ON COLUMN reporting.analyses.client_id IS 'Whose call it is.';
COMMENT ON COLUMN reporting.analyses.call_id IS 'The call.';
COMMENT ON COLUMN reporting.analyses.call_type IS 'What the call is about.';
COMMENT ON COLUMN reporting.analyses.outcome IS 'How it ended.';
COMMENT ON COLUMN reporting.analyses.sentiment IS 'How the other side felt about it.';
COMMENT ON COLUMN reporting.analyses.score IS 'Score of the checklist, 0 to 100; null where no item applied.';
COMMENT ON COLUMN reporting.analyses.summary IS 'The call in a few sentences.';
COMMENT ON COLUMN reporting.analyses.objections IS 'The kinds of reservations that were heard, in their order.';
COMMENT ON COLUMN reporting.analyses.operator_talk_share IS 'The part of all speech that is the employee''s, 0 to 1; null where speakers are unknown.';
COMMENT ON COLUMN reporting.analyses.silence_share IS 'The part of the call in which nobody spoke, 0 to 1; null where nothing was said.';
COMMENT ON COLUMN reporting.analyses.judge IS 'Who judged.';
COMMENT ON COLUMN reporting.analyses.playbook IS 'By which playbook.';

CREATE TABLE reporting.checklist_items (
    client_id text   NOT NULL,
    call_id   text   NOT NULL,
    item      text   NOT NULL,
    skill     text   NOT NULL,
    status    text   NOT NULL,
    weight    float8 NOT NULL,
    quote     text   NOT NULL,
    CONSTRAINT checklist_items_pkey PRIMARY KEY (client_id, call_id, item),
    CONSTRAINT checklist_items_of_call FOREIGN KEY (client_id, call_id) REFERENCES reporting.calls ON DELETE CASCADE
);
COMMENT ON TABLE reporting.checklist_items IS 'One row for each item of the playbook''s checklist in each call.';
COMMENT ON COLUMN reporting.checklist_items.client_id IS 'Whose call it is.';
COMMENT ON COLUMN reporting.checklist_items.call_id IS 'The call.';
COMMENT ON COLUMN reporting.checklist_items.item IS 'The item''s name in the playbook.';
COMMENT ON COLUMN reporting.checklist_items.skill IS 'The skill it tells of.';
COMMENT ON COLUMN reporting.checklist_items.status IS 'completed (counts 1), attempted (0.5), not_reached (0) or not_applicable (not counted).';
COMMENT ON COLUMN reporting.checklist_items.weight IS 'What it counts in the score.';
COMMENT ON COLUMN reporting.checklist_items.quote IS 'The words it was done with; empty where there are none.';

CREATE TABLE reporting.recommendations (
    client_id text NOT NULL,
    call_id   text NOT NULL,
    position  int  NOT NULL,
    skill     text NOT NULL,
    priority  int  NOT NULL,
    text      text NOT NULL,
    why       text NOT NULL,
    quote     text NOT NULL,
    CONSTRAINT recommendations_pkey PRIMARY KEY (client_id, call_id, position),
    CONSTRAINT recommendations_of_call FOREIGN KEY (client_id, call_id) REFERENCES reporting.calls ON DELETE CASCADE
);
COMMENT ON TABLE reporting.recommendations IS 'What to do better after a call.';
COMMENT ON COLUMN reporting.recommendations.client_id IS 'Whose call it is.';
COMMENT ON COLUMN reporting.recommendations.call_id IS 'The call.';
COMMENT ON COLUMN reporting.recommendations.position IS 'Its place among those of the call, from 0.';
COMMENT ON COLUMN reporting.recommendations.skill IS 'The skill it would better.';
COMMENT ON COLUMN reporting.recommendations.priority IS '1 comes first.';
COMMENT ON COLUMN reporting.recommendations.text IS 'What to do.';
COMMENT ON COLUMN reporting.recommendations.why IS 'What for.';
COMMENT ON COLUMN reporting.recommendations.quote IS 'The moment of the call it is about; empty where there is none.';

CREATE TABLE reporting.range_reports (
    client_id  text        NOT NULL,
    start_date date        NOT NULL,
    end_date   date        NOT NULL,
    calls      int         NOT NULL,
    score      float8,
    focus      text[]      NOT NULL,
    execution  bigint      NOT NULL,
    written_at timestamptz NOT NULL,
    CONSTRAINT range_reports_pkey PRIMARY KEY (client_id, start_date, end_date)
);
COMMENT ON TABLE reporting.range_reports IS 'One row for each range that was run, also when it had no calls: what was reported, and when.';
COMMENT ON COLUMN reporting.range_reports.client_id IS 'Whose calls.';
COMMENT ON COLUMN reporting.range_reports.start_date IS 'The first day of the range.';
COMMENT ON COLUMN reporting.range_reports.end_date IS 'The last day of the range.';
COMMENT ON COLUMN reporting.range_reports.calls IS 'How many analysed calls the range had.';
COMMENT ON COLUMN reporting.range_reports.score IS 'The mean of their scores, 0 to 100; null where none has a score.';
COMMENT ON COLUMN reporting.range_reports.focus IS 'The skills to work on first, at most three: what failed in most calls, where there are enough.';
COMMENT ON COLUMN reporting.range_reports.execution IS 'The execution that wrote the row.';
COMMENT ON COLUMN reporting.range_reports.written_at IS 'When the row was written.';

-- migrate:down
