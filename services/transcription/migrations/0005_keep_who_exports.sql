-- migrate:up

-- Who took transcripts as files.
CREATE TABLE transcription.audit_entries (
    number  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner   text NOT NULL,
    actor   text NOT NULL,
    action  text NOT NULL,
    subject text NOT NULL,
    detail  text NOT NULL,
    at      timestamptz NOT NULL
);
CREATE INDEX audit_entries_by_owner ON transcription.audit_entries (owner, number DESC);

ALTER TABLE transcription.audit_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE transcription.audit_entries FORCE ROW LEVEL SECURITY;
CREATE POLICY every_row ON transcription.audit_entries TO transcription_system USING (true);
CREATE POLICY own_rows ON transcription.audit_entries FOR SELECT TO transcription_app
    USING (current_setting('potok.owners', true) = '*'
           OR owner = ANY (string_to_array(current_setting('potok.owners', true), ',')));

-- migrate:down
