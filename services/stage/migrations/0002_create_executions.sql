-- migrate:up

-- Names are unqualified: this runs once in the schema of every stage service, named by the search path.
CREATE TABLE executions (
    execution  bigint PRIMARY KEY,
    stage      text,
    run_id     uuid,
    owner      text,
    mode       text,
    start_date date,
    end_date   date,
    settings   jsonb,
    state      text NOT NULL,
    discovered bool NOT NULL DEFAULT false,
    unchanged  int NOT NULL DEFAULT 0,
    tries      int NOT NULL DEFAULT 0, -- starts of its discovery, then of its finish
    sequence   bigint NOT NULL DEFAULT 0, -- of the last report
    reason     text,
    message    text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at   timestamptz,
    acked_at   timestamptz, -- when the coordinator knew how it ended
    CONSTRAINT executions_state CHECK (state IN ('DISPATCHED', 'RUNNING', 'SUCCEEDED', 'PARTIAL', 'FAILED', 'CANCELLED')),
    CONSTRAINT executions_end CHECK ((ended_at IS NULL) = (state IN ('DISPATCHED', 'RUNNING'))),
    -- Only the tombstone of an execution that was cancelled before it came knows nothing but its number.
    CONSTRAINT executions_known CHECK (
        num_nulls(stage, run_id, owner, mode, start_date, end_date, settings) = 0
        OR (state = 'CANCELLED' AND acked_at IS NOT NULL)
    )
);
CREATE INDEX executions_unacked ON executions (execution) WHERE acked_at IS NULL;

-- An item belongs to the execution that touched it last; (execution, attempt) is the fence of every write.
CREATE TABLE items (
    stage       text NOT NULL,
    owner       text NOT NULL,
    item_id     text NOT NULL,
    day         date NOT NULL,
    execution   bigint NOT NULL,
    attempt     int NOT NULL DEFAULT 0,
    spared      int NOT NULL DEFAULT 0, -- attempts that do not count: the process was told to stop
    state       text NOT NULL DEFAULT 'PENDING',
    reason      text,
    message     text NOT NULL DEFAULT '',
    wait_reason text,
    upstream    bigint NOT NULL DEFAULT 0, -- the execution that produced its input, as discovery saw it
    input       bigint NOT NULL DEFAULT 0, -- the same, of the input that was consumed
    output      bigint NOT NULL DEFAULT 0, -- the execution that produced the readable result; 0: there is none
    seen        bigint NOT NULL, -- the last execution whose discovery listed it
    run_after   timestamptz,
    lease_until timestamptz,
    job_id      bigint,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (stage, owner, item_id),
    CONSTRAINT items_state CHECK (state IN ('PENDING', 'PROCESSING', 'SUCCESS', 'FAILED', 'SKIPPED')),
    CONSTRAINT items_lease CHECK ((lease_until IS NOT NULL) = (state = 'PROCESSING')),
    CONSTRAINT items_reason CHECK (reason IS NOT NULL OR state NOT IN ('FAILED', 'SKIPPED'))
) WITH (fillfactor = 80);
CREATE INDEX items_by_day ON items (stage, owner, day, item_id);
CREATE INDEX items_by_execution ON items (execution, state);
-- Keyed like the primary key, so that a claim finds its items by either.
CREATE INDEX items_pending ON items (stage, owner, item_id) WHERE state = 'PENDING';
CREATE INDEX items_processing ON items (stage) WHERE state = 'PROCESSING';

-- The ledger's versions; the counts themselves are taken from the items.
CREATE TABLE days (
    stage      text NOT NULL,
    owner      text NOT NULL,
    day        date NOT NULL,
    version    bigint NOT NULL DEFAULT 0,
    covered_at timestamptz,
    PRIMARY KEY (stage, owner, day)
);

-- When the next turn of the reconciler is due, whoever takes it.
CREATE TABLE reconciler (
    only_row     bool PRIMARY KEY DEFAULT true,
    next_turn_at timestamptz NOT NULL,
    CONSTRAINT reconciler_only_row CHECK (only_row)
);

-- The second line of defence: the app role sees only the owners its transaction names, and nothing without them.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['executions', 'items', 'days'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY every_row ON %I TO %I USING (true)', name, current_schema() || '_system');
        EXECUTE format('CREATE POLICY own_rows ON %I FOR SELECT TO %I USING (owner = ANY '
            '(string_to_array(current_setting(''potok.owners'', true), '','')))', name, current_schema() || '_app');
    END LOOP;
END $$;

-- migrate:down
