-- migrate:up

CREATE TABLE call_sync.calls (
    owner                  text        NOT NULL,
    call_id                text        NOT NULL,
    execution              bigint      NOT NULL, -- the last one that listed it
    day                    date        NOT NULL, -- in the client's time zone
    started_at             timestamptz NOT NULL,
    direction              text        NOT NULL,
    duration_seconds       float8,
    employee               text        NOT NULL,
    contact                text        NOT NULL,
    answered               boolean     NOT NULL,
    recording_link         text,
    recording_sha256       text,
    recording_size_bytes   bigint,
    recording_content_type text,
    recording_file_name    text,
    updated_at             timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT calls_pkey PRIMARY KEY (owner, call_id),
    CONSTRAINT calls_direction_known CHECK (direction IN ('INCOMING', 'OUTGOING', 'UNKNOWN')),
    CONSTRAINT calls_duration_positive CHECK (duration_seconds >= 0),
    CONSTRAINT calls_recording_hash CHECK (recording_sha256 ~ '^[0-9a-f]{64}$'),
    CONSTRAINT calls_recording_size CHECK (recording_size_bytes > 0),
    CONSTRAINT calls_recording_whole CHECK (num_nulls(
        recording_sha256, recording_size_bytes, recording_content_type, recording_file_name) IN (0, 4))
);

ALTER TABLE call_sync.calls ENABLE ROW LEVEL SECURITY;
ALTER TABLE call_sync.calls FORCE ROW LEVEL SECURITY;

CREATE POLICY calls_of_visible_owners ON call_sync.calls
    USING (
        current_user LIKE '%\_system'
        OR owner = ANY (string_to_array(current_setting('potok.owners', true), ','))
    );

-- migrate:down
