-- migrate:up

-- `body` is what is handed out; the columns beside it are what is looked for.
CREATE TABLE analysis.analyses (
    owner      text        NOT NULL,
    call_id    text        NOT NULL,
    execution  bigint      NOT NULL, -- the one that wrote it
    day        date        NOT NULL, -- in the client's time zone
    started_at timestamptz NOT NULL,
    employee   text,
    call_type  text        NOT NULL,
    outcome    text        NOT NULL,
    sentiment  text        NOT NULL,
    score      float8,               -- null where nothing of the checklist applies
    body       bytea       NOT NULL, -- potok.analysis.v1.Analysis
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT analyses_pkey PRIMARY KEY (owner, call_id),
    CONSTRAINT analyses_score_is_a_percentage CHECK (score BETWEEN 0 AND 100)
);

CREATE INDEX analyses_by_day ON analysis.analyses (owner, day, started_at, call_id);

ALTER TABLE analysis.analyses ENABLE ROW LEVEL SECURITY;
ALTER TABLE analysis.analyses FORCE ROW LEVEL SECURITY;

CREATE POLICY every_row ON analysis.analyses TO analysis_system USING (true);
-- Without `potok.owners` nothing is seen: the check fails closed.
CREATE POLICY own_rows ON analysis.analyses FOR SELECT TO analysis_app
    USING (owner = ANY (string_to_array(current_setting('potok.owners', true), ',')));

-- migrate:down
