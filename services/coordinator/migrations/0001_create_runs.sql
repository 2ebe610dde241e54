-- migrate:up

CREATE TABLE coordinator.clients (
    client_id         text PRIMARY KEY,
    time_zone         text NOT NULL,
    source            text NOT NULL,
    playbook          text NOT NULL,
    language          text NOT NULL,
    min_success_ratio float8 NOT NULL,
    weight            int NOT NULL,
    updated_at        timestamptz NOT NULL DEFAULT now()
);

-- One row an owner: every group that touches anything of the owner checks and raises its version, so that a replica
-- may keep the owner's rows in memory.
CREATE TABLE coordinator.owners (
    owner   text PRIMARY KEY,
    version bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 40);

CREATE TABLE coordinator.runs (
    run_id            uuid PRIMARY KEY,
    owner             text NOT NULL REFERENCES coordinator.owners,
    client_id         text NOT NULL,
    start_date        date NOT NULL,
    end_date          date NOT NULL,
    first_stage       text NOT NULL,
    last_stage        text NOT NULL,
    mode              text NOT NULL,
    state             text NOT NULL,
    stage             text NOT NULL,
    reason            text,
    message           text NOT NULL,
    retry_of          uuid,
    actor             text NOT NULL,
    settings          jsonb NOT NULL,
    created_at        timestamptz NOT NULL,
    ended_at          timestamptz,
    CONSTRAINT runs_state CHECK (state IN ('ACTIVE', 'CANCELLING', 'COMPLETED', 'PARTIAL', 'FAILED', 'CANCELLED')),
    CONSTRAINT runs_end CHECK ((ended_at IS NULL) = (state IN ('ACTIVE', 'CANCELLING'))),
    CONSTRAINT runs_range CHECK (start_date <= end_date)
);
CREATE UNIQUE INDEX one_active_run_per_owner ON coordinator.runs (owner) WHERE ended_at IS NULL;
CREATE INDEX runs_by_age ON coordinator.runs (created_at DESC, run_id);
CREATE INDEX runs_by_client ON coordinator.runs (client_id, created_at DESC, run_id);
CREATE INDEX runs_by_end ON coordinator.runs (ended_at);

CREATE SEQUENCE coordinator.execution_numbers;

CREATE TABLE coordinator.executions (
    execution         bigint PRIMARY KEY,
    run_id            uuid NOT NULL REFERENCES coordinator.runs,
    owner             text NOT NULL,
    stage             text NOT NULL,
    mode              text NOT NULL,
    state             text NOT NULL,
    sequence          bigint NOT NULL,
    progress          bytea NOT NULL,
    waiting           bool NOT NULL,
    items_per_second  float4 NOT NULL,
    reason            text,
    message           text NOT NULL,
    unreachable       bool NOT NULL,
    created_at        timestamptz NOT NULL,
    progressed_at     timestamptz NOT NULL,
    cancelling_at     timestamptz,
    ended_at          timestamptz,
    CONSTRAINT executions_state CHECK (state IN ('QUEUED', 'DISPATCHED', 'RUNNING', 'STALLED', 'CANCELLING',
                                                 'SUCCEEDED', 'PARTIAL', 'FAILED', 'CANCELLED')),
    CONSTRAINT executions_end CHECK
        ((ended_at IS NULL) = (state IN ('QUEUED', 'DISPATCHED', 'RUNNING', 'STALLED', 'CANCELLING')))
) WITH (fillfactor = 40);
CREATE UNIQUE INDEX one_execution_per_stage ON coordinator.executions (run_id, stage);
CREATE INDEX executions_under_way ON coordinator.executions (execution) WHERE ended_at IS NULL;

-- When an execution was last heard of; apart from its row, because it changes without a version.
CREATE TABLE coordinator.heartbeats (
    execution bigint PRIMARY KEY REFERENCES coordinator.executions,
    seen_at   timestamptz NOT NULL
) WITH (fillfactor = 40);

-- What stage services still have to be told; a row goes when the service has accepted.
CREATE TABLE coordinator.deliveries (
    execution bigint NOT NULL REFERENCES coordinator.executions,
    kind      text NOT NULL,
    since_at  timestamptz NOT NULL DEFAULT now(),
    next_at   timestamptz NOT NULL DEFAULT now(),
    tries     int NOT NULL DEFAULT 0,
    PRIMARY KEY (execution, kind),
    CONSTRAINT deliveries_kind CHECK (kind IN ('RUN', 'CANCEL'))
);
CREATE INDEX deliveries_due ON coordinator.deliveries (next_at);

CREATE TABLE coordinator.ledger (
    owner      text NOT NULL,
    stage      text NOT NULL,
    day        date NOT NULL,
    version    bigint NOT NULL,
    pending    bigint NOT NULL,
    processing bigint NOT NULL,
    success    bigint NOT NULL,
    failed     bigint NOT NULL,
    skipped    bigint NOT NULL,
    available  bigint NOT NULL,
    input      bigint NOT NULL,
    output     bigint NOT NULL,
    covered_at timestamptz,
    PRIMARY KEY (owner, stage, day)
) WITH (fillfactor = 40);
CREATE INDEX ledger_by_day ON coordinator.ledger (day);

-- Accepted starts, so that a repeat answers the same run for 24 hours.
CREATE TABLE coordinator.requests (
    caller     text NOT NULL,
    method     text NOT NULL,
    request_id text NOT NULL,
    parameters text NOT NULL,
    run_id     uuid NOT NULL,
    at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (caller, method, request_id)
);
CREATE INDEX requests_by_age ON coordinator.requests (at);

CREATE TABLE coordinator.rejected_reports (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id    uuid NOT NULL,
    owner     text NOT NULL,
    execution bigint NOT NULL,
    sequence  bigint NOT NULL,
    state     text NOT NULL,
    verdict   text NOT NULL,
    message   text NOT NULL,
    at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX rejected_reports_by_run ON coordinator.rejected_reports (run_id, id DESC);
CREATE INDEX rejected_reports_by_age ON coordinator.rejected_reports (at);

-- migrate:down
