-- migrate:up

CREATE TABLE recommendations.meeting_tasks (
    owner      text        NOT NULL,
    bot_id     text        NOT NULL,
    execution  bigint      NOT NULL, -- the one that wrote them
    body       bytea       NOT NULL, -- potok.recommendations.v1.MeetingTasks
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT meeting_tasks_pkey PRIMARY KEY (owner, bot_id)
);

ALTER TABLE recommendations.meeting_tasks ENABLE ROW LEVEL SECURITY;
ALTER TABLE recommendations.meeting_tasks FORCE ROW LEVEL SECURITY;

CREATE POLICY every_row ON recommendations.meeting_tasks TO recommendations_system USING (true);
CREATE POLICY own_rows ON recommendations.meeting_tasks FOR SELECT TO recommendations_app
    USING (current_setting('potok.owners', true) = '*'
        OR owner = ANY (string_to_array(current_setting('potok.owners', true), ',')));

-- migrate:down
