-- migrate:up

-- Who closed and reopened recommendations: the decision of a recommendation says only the last one that holds.
CREATE TABLE recommendations.audit_entries (
    number  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner   text NOT NULL,
    actor   text NOT NULL,
    action  text NOT NULL,
    subject text NOT NULL,
    detail  text NOT NULL,
    at      timestamptz NOT NULL
);
CREATE INDEX audit_entries_by_owner ON recommendations.audit_entries (owner, number DESC);

ALTER TABLE recommendations.audit_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE recommendations.audit_entries FORCE ROW LEVEL SECURITY;
CREATE POLICY every_row ON recommendations.audit_entries TO recommendations_system USING (true);
CREATE POLICY own_rows ON recommendations.audit_entries FOR SELECT TO recommendations_app
    USING (current_setting('potok.owners', true) = '*'
           OR owner = ANY (string_to_array(current_setting('potok.owners', true), ',')));

-- migrate:down
