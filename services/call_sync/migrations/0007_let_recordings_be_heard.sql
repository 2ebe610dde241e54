-- migrate:up

-- How recordings are heard in a browser, made when one is asked for first. It goes with its recording, and so does what
-- was coded for it: that is a recording of the store, too.
CREATE TABLE call_sync.renditions (
    sha256           text   NOT NULL, -- of the recording
    fault            text   NOT NULL, -- why it cannot be decoded; empty where it can
    played_sha256    text,            -- of what is played in its place; null where browsers play it as it is
    played_size      bigint,
    played_type      text,
    duration_seconds float8 NOT NULL,
    peaks            bytea[] NOT NULL, -- of each channel: a byte for each of equal parts of the time; none yet: not decoded
    CONSTRAINT renditions_pkey PRIMARY KEY (sha256),
    CONSTRAINT renditions_recording FOREIGN KEY (sha256)
        REFERENCES call_sync.recordings ON DELETE CASCADE,
    CONSTRAINT renditions_played FOREIGN KEY (played_sha256)
        REFERENCES call_sync.recordings ON DELETE CASCADE,
    CONSTRAINT renditions_played_whole CHECK (num_nulls(played_sha256, played_size, played_type) IN (0, 3)),
    CONSTRAINT renditions_length CHECK (duration_seconds >= 0)
);
CREATE INDEX renditions_by_played ON call_sync.renditions (played_sha256)
 WHERE played_sha256 IS NOT NULL;

-- Shared by the calls of all owners, as recordings are: nothing of them is for readers with a user behind.
ALTER TABLE call_sync.renditions ENABLE ROW LEVEL SECURITY;
ALTER TABLE call_sync.renditions FORCE ROW LEVEL SECURITY;
CREATE POLICY renditions_of_the_system ON call_sync.renditions TO call_sync_system USING (true);

-- Who heard recordings and changed accounts; what is of accounts has no owner, since they are the system's.
CREATE TABLE call_sync.audit_entries (
    number  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner   text NOT NULL,
    actor   text NOT NULL,
    action  text NOT NULL,
    subject text NOT NULL,
    detail  text NOT NULL,
    at      timestamptz NOT NULL
);
CREATE INDEX audit_entries_by_owner ON call_sync.audit_entries (owner, number DESC);
CREATE INDEX audit_entries_by_subject ON call_sync.audit_entries (owner, subject, at DESC);

ALTER TABLE call_sync.audit_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE call_sync.audit_entries FORCE ROW LEVEL SECURITY;
CREATE POLICY every_row ON call_sync.audit_entries TO call_sync_system USING (true);
CREATE POLICY own_rows ON call_sync.audit_entries FOR SELECT TO call_sync_app
    USING (current_setting('potok.owners', true) = '*'
           OR owner = ANY (string_to_array(current_setting('potok.owners', true), ',')));

-- migrate:down
