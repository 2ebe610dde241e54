-- migrate:up

ALTER TABLE coordinator.runs
    ADD COLUMN cancelled_by text NOT NULL DEFAULT '', -- empty where nobody asked it to stop
    ADD COLUMN cancelling_at timestamptz;

-- What people did, kept as long as what it was done to; the log forgets after days.
CREATE TABLE coordinator.audit_entries (
    number  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner   text NOT NULL, -- empty where it was done to the system
    actor   text NOT NULL,
    action  text NOT NULL,
    subject text NOT NULL,
    detail  text NOT NULL,
    at      timestamptz NOT NULL
);
CREATE INDEX audit_entries_by_owner ON coordinator.audit_entries (owner, number DESC);
CREATE INDEX audit_entries_by_subject ON coordinator.audit_entries (subject, number DESC);

ALTER TABLE coordinator.audit_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE coordinator.audit_entries FORCE ROW LEVEL SECURITY;
CREATE POLICY every_row ON coordinator.audit_entries TO coordinator_system USING (true);
CREATE POLICY own_rows ON coordinator.audit_entries FOR SELECT TO coordinator_app
    USING (current_setting('potok.owners', true) = '*'
           OR owner = ANY (string_to_array(current_setting('potok.owners', true), ',')));

-- Reports of executions that nobody knows are of no run, and no owner's.
ALTER TABLE coordinator.rejected_reports ALTER COLUMN run_id DROP NOT NULL;

-- migrate:down
