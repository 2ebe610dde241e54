-- migrate:up

-- What is rolled up, copied from the analyses, so that any range is one query here.
CREATE TABLE recommendations.calls (
    owner      text        NOT NULL,
    call_id    text        NOT NULL,
    day        date        NOT NULL, -- in the client's time zone
    employee   text        NOT NULL, -- empty where unknown
    call_type  text        NOT NULL,
    outcome    text        NOT NULL,
    sentiment  text        NOT NULL,
    score      float8,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT calls_pkey PRIMARY KEY (owner, call_id),
    CONSTRAINT calls_score_percent CHECK (score BETWEEN 0 AND 100)
);

CREATE INDEX calls_of_days ON recommendations.calls (owner, day);

CREATE TABLE recommendations.findings (
    owner   text   NOT NULL,
    call_id text   NOT NULL,
    item    text   NOT NULL,
    skill   text   NOT NULL,
    status  text   NOT NULL,
    weight  float8 NOT NULL,
    quote   text   NOT NULL,
    CONSTRAINT findings_pkey PRIMARY KEY (owner, call_id, item),
    CONSTRAINT findings_of_call FOREIGN KEY (owner, call_id)
        REFERENCES recommendations.calls ON DELETE CASCADE,
    CONSTRAINT findings_status_known
        CHECK (status IN ('COMPLETED', 'ATTEMPTED', 'NOT_REACHED', 'NOT_APPLICABLE')),
    CONSTRAINT findings_weight_positive CHECK (weight >= 0)
);

CREATE TABLE recommendations.advice (
    owner    text NOT NULL,
    call_id  text NOT NULL,
    position int  NOT NULL,
    skill    text NOT NULL,
    priority int  NOT NULL,
    text     text NOT NULL,
    why      text NOT NULL,
    quote    text NOT NULL,
    CONSTRAINT advice_pkey PRIMARY KEY (owner, call_id, position),
    CONSTRAINT advice_of_call FOREIGN KEY (owner, call_id)
        REFERENCES recommendations.calls ON DELETE CASCADE,
    CONSTRAINT advice_priority_positive CHECK (priority > 0)
);

-- One row for each range that was run, written at the end of its stage.
CREATE TABLE recommendations.reports (
    owner      text        NOT NULL,
    start_date date        NOT NULL,
    end_date   date        NOT NULL,
    execution  bigint      NOT NULL,
    calls      int         NOT NULL,
    score      float8,
    focus      text[]      NOT NULL,
    written_at timestamptz NOT NULL,
    CONSTRAINT reports_pkey PRIMARY KEY (owner, start_date, end_date),
    CONSTRAINT reports_range_forward CHECK (start_date <= end_date)
);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['calls', 'findings', 'advice', 'reports'] LOOP
        EXECUTE format('ALTER TABLE recommendations.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE recommendations.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY every_row ON recommendations.%I TO recommendations_system USING (true)', name);
        EXECUTE format('CREATE POLICY own_rows ON recommendations.%I FOR SELECT TO recommendations_app '
            'USING (owner = ANY (string_to_array(current_setting(''potok.owners'', true), '','')))', name);
    END LOOP;
END $$;

-- migrate:down
