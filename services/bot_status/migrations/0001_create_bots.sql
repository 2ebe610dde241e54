-- migrate:up

-- A bot, from the wish for it on; also a meeting that came without one, whose provider is empty.
CREATE TABLE bot_status.bots (
    intent_id      uuid        NOT NULL,
    owner          text        NOT NULL,
    provider       text        NOT NULL,
    phase          text        NOT NULL,
    bot_id         text,                             -- the public id, once there is one
    external       text        NOT NULL DEFAULT '',  -- how its provider names it
    meet_url       text        NOT NULL,
    bot_name       text        NOT NULL,
    language       text        NOT NULL,
    time_zone      text        NOT NULL,
    day            date        NOT NULL,             -- of the meeting, in its time zone
    state          text        NOT NULL,             -- as the outside says
    detail         text        NOT NULL DEFAULT '',
    failure        text        NOT NULL DEFAULT '',
    media_ready    boolean     NOT NULL DEFAULT false,
    state_at       timestamptz NOT NULL,
    joined_at      timestamptz,
    left_at        timestamptz,
    failed_at      timestamptz,                      -- of a failure that is held back
    missing_at     timestamptz,                      -- since when its provider does not know it
    answered_at    timestamptz NOT NULL,             -- when its provider last said something of it
    failures       integer     NOT NULL DEFAULT 0,   -- of looking at it, in a row
    observations   bigint      NOT NULL DEFAULT 0,   -- the number of the last one
    sequence       bigint      NOT NULL DEFAULT 0,
    acked_sequence bigint      NOT NULL DEFAULT 0,
    public_state   text,                             -- as the coordinator said last
    report_at      timestamptz,                      -- when it is reported again; null: all is known
    next_poll_at   timestamptz,                      -- when it is looked at; null: never
    hinted         boolean     NOT NULL DEFAULT false,
    lease_until    timestamptz,                      -- of whoever starts it, or looks at it
    lease_id       uuid,
    created_at     timestamptz NOT NULL DEFAULT now(),
    changed_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT bots_pkey PRIMARY KEY (intent_id),
    CONSTRAINT bots_bot_id_key UNIQUE (bot_id),
    CONSTRAINT bots_phase_known CHECK (phase IN ('INTENDED', 'STARTED', 'FAILED', 'DOUBTFUL')),
    CONSTRAINT bots_state_of_the_outside
        CHECK (state IN ('INITIALIZED', 'CONNECTING', 'CONNECTED', 'ERROR')),
    CONSTRAINT bots_started_have_ids CHECK (phase <> 'STARTED' OR bot_id IS NOT NULL)
);

CREATE INDEX bots_by_poll ON bot_status.bots (next_poll_at) WHERE next_poll_at IS NOT NULL;
CREATE INDEX bots_by_report ON bot_status.bots (report_at) WHERE report_at IS NOT NULL;
CREATE INDEX bots_unresolved ON bot_status.bots (created_at) WHERE phase IN ('INTENDED', 'DOUBTFUL');
CREATE INDEX bots_by_external ON bot_status.bots (provider, external);
CREATE INDEX bots_by_change ON bot_status.bots (changed_at);

CREATE TABLE bot_status.requests (
    owner      text        NOT NULL,
    request_id text        NOT NULL,
    digest     text        NOT NULL, -- of the parameters
    intent_id  uuid        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT requests_pkey PRIMARY KEY (owner, request_id),
    CONSTRAINT requests_intent FOREIGN KEY (intent_id)
        REFERENCES bot_status.bots ON DELETE CASCADE
);

CREATE INDEX requests_by_intent ON bot_status.requests (intent_id);
CREATE INDEX requests_by_age ON bot_status.requests (created_at);

CREATE TABLE bot_status.observations (
    intent_id  uuid        NOT NULL,
    number     bigint      NOT NULL,
    owner      text        NOT NULL,
    source     text        NOT NULL,
    raw_status text        NOT NULL,
    state      text,
    message    text        NOT NULL,
    sequence   bigint      NOT NULL, -- of the report that tells it
    verdict    text,
    times      integer     NOT NULL DEFAULT 1,
    first_at   timestamptz NOT NULL DEFAULT now(),
    last_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT observations_pkey PRIMARY KEY (intent_id, number),
    CONSTRAINT observations_bot FOREIGN KEY (intent_id)
        REFERENCES bot_status.bots ON DELETE CASCADE,
    CONSTRAINT observations_source_known
        CHECK (source IN ('trigger', 'poll', 'callback', 'webhook')),
    CONSTRAINT observations_verdict_known
        CHECK (verdict IN ('APPLIED', 'DUPLICATE', 'STALE', 'ILLEGAL'))
);

CREATE TABLE bot_status.media (
    intent_id              uuid        NOT NULL,
    owner                  text        NOT NULL,
    audio_url              text        NOT NULL,
    text                   text        NOT NULL,
    recording_sha256       text,
    recording_size_bytes   bigint,
    recording_content_type text,
    recording_file_name    text,
    speakers               jsonb       NOT NULL, -- [[name, start, end], …], in seconds
    fetching_until         timestamptz,          -- the lease of whoever fetches the recording
    created_at             timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT media_pkey PRIMARY KEY (intent_id),
    CONSTRAINT media_bot FOREIGN KEY (intent_id) REFERENCES bot_status.bots ON DELETE CASCADE,
    CONSTRAINT media_recording_hash CHECK (recording_sha256 ~ '^[0-9a-f]{64}$'),
    CONSTRAINT media_recording_whole CHECK (num_nulls(
        recording_sha256, recording_size_bytes, recording_content_type, recording_file_name) IN (0, 4))
);

CREATE INDEX media_by_recording ON bot_status.media (recording_sha256)
 WHERE recording_sha256 IS NOT NULL;

CREATE TABLE bot_status.webhooks (
    provider   text        NOT NULL,
    key        text        NOT NULL, -- the same in every delivery of one
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT webhooks_pkey PRIMARY KEY (provider, key)
);

CREATE INDEX webhooks_by_age ON bot_status.webhooks (created_at);

-- What is in the store of recordings. A row is written before its bytes are, and is locked while they are deleted.
CREATE TABLE bot_status.recordings (
    sha256  text        NOT NULL,
    unused  boolean     NOT NULL DEFAULT false, -- no meeting had it when it was last looked at
    look_at timestamptz NOT NULL,
    CONSTRAINT recordings_pkey PRIMARY KEY (sha256),
    CONSTRAINT recordings_hash CHECK (sha256 ~ '^[0-9a-f]{64}$')
);

CREATE INDEX recordings_by_look ON bot_status.recordings (look_at);

ALTER TABLE bot_status.bots ENABLE ROW LEVEL SECURITY;
ALTER TABLE bot_status.bots FORCE ROW LEVEL SECURITY;
ALTER TABLE bot_status.requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE bot_status.requests FORCE ROW LEVEL SECURITY;
ALTER TABLE bot_status.observations ENABLE ROW LEVEL SECURITY;
ALTER TABLE bot_status.observations FORCE ROW LEVEL SECURITY;
ALTER TABLE bot_status.media ENABLE ROW LEVEL SECURITY;
ALTER TABLE bot_status.media FORCE ROW LEVEL SECURITY;
ALTER TABLE bot_status.webhooks ENABLE ROW LEVEL SECURITY;
ALTER TABLE bot_status.webhooks FORCE ROW LEVEL SECURITY;
ALTER TABLE bot_status.recordings ENABLE ROW LEVEL SECURITY;
ALTER TABLE bot_status.recordings FORCE ROW LEVEL SECURITY;

CREATE POLICY bots_of_visible_owners ON bot_status.bots
    USING (
        current_user LIKE '%\_system'
        OR current_setting('potok.owners', true) = '*'
        OR owner = ANY (string_to_array(current_setting('potok.owners', true), ','))
    );
CREATE POLICY requests_of_visible_owners ON bot_status.requests
    USING (
        current_user LIKE '%\_system'
        OR current_setting('potok.owners', true) = '*'
        OR owner = ANY (string_to_array(current_setting('potok.owners', true), ','))
    );
CREATE POLICY observations_of_visible_owners ON bot_status.observations
    USING (
        current_user LIKE '%\_system'
        OR current_setting('potok.owners', true) = '*'
        OR owner = ANY (string_to_array(current_setting('potok.owners', true), ','))
    );
CREATE POLICY media_of_visible_owners ON bot_status.media
    USING (
        current_user LIKE '%\_system'
        OR current_setting('potok.owners', true) = '*'
        OR owner = ANY (string_to_array(current_setting('potok.owners', true), ','))
    );

-- Deliveries and recordings belong to the system: nothing of them is for readers with a user behind.
CREATE POLICY webhooks_of_the_system ON bot_status.webhooks
    USING (current_user LIKE '%\_system');
CREATE POLICY recordings_of_the_system ON bot_status.recordings
    USING (current_user LIKE '%\_system');

-- migrate:down
