-- migrate:up

-- What is in the store of recordings. A row is written before its bytes are, and is locked while they are deleted.
CREATE TABLE call_sync.recordings (
    sha256  text        NOT NULL,
    unused  boolean     NOT NULL DEFAULT false, -- no call had it when it was last looked at
    look_at timestamptz NOT NULL,
    CONSTRAINT recordings_pkey PRIMARY KEY (sha256),
    CONSTRAINT recordings_hash CHECK (sha256 ~ '^[0-9a-f]{64}$')
);

CREATE INDEX recordings_by_look ON call_sync.recordings (look_at);
CREATE INDEX calls_by_recording ON call_sync.calls (recording_sha256)
 WHERE recording_sha256 IS NOT NULL;

ALTER TABLE call_sync.calls NO FORCE ROW LEVEL SECURITY; -- the owner of the tables reads all rows once
INSERT INTO call_sync.recordings (sha256, look_at)
SELECT DISTINCT recording_sha256, now() FROM call_sync.calls WHERE recording_sha256 IS NOT NULL;
ALTER TABLE call_sync.calls FORCE ROW LEVEL SECURITY;

-- Recordings are shared by the calls of all owners: nothing of them is for readers with a user behind.
ALTER TABLE call_sync.recordings ENABLE ROW LEVEL SECURITY;
ALTER TABLE call_sync.recordings FORCE ROW LEVEL SECURITY;

CREATE POLICY recordings_of_the_system ON call_sync.recordings
    USING (current_user LIKE '%\_system');

-- migrate:down
