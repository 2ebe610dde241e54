-- migrate:up

CREATE TABLE analysis.meeting_analyses (
    owner      text        NOT NULL,
    bot_id     text        NOT NULL,
    execution  bigint      NOT NULL, -- the one that wrote it
    body       bytea       NOT NULL, -- potok.analysis.v1.MeetingAnalysis
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT meeting_analyses_pkey PRIMARY KEY (owner, bot_id)
);

ALTER TABLE analysis.meeting_analyses ENABLE ROW LEVEL SECURITY;
ALTER TABLE analysis.meeting_analyses FORCE ROW LEVEL SECURITY;

CREATE POLICY every_row ON analysis.meeting_analyses TO analysis_system USING (true);
CREATE POLICY own_rows ON analysis.meeting_analyses FOR SELECT TO analysis_app
    USING (current_setting('potok.owners', true) = '*'
        OR owner = ANY (string_to_array(current_setting('potok.owners', true), ',')));

-- migrate:down
