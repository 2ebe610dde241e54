-- migrate:up

-- When an execution and its run are expected to end, and when its service last reported: what is left counts from then.
ALTER TABLE coordinator.executions
    ADD COLUMN reported_at timestamptz,
    ADD COLUMN expected_end_at timestamptz,
    ADD COLUMN run_expected_end_at timestamptz;

-- How long the last executions of a stage of an owner took.
CREATE INDEX executions_that_did_their_work ON coordinator.executions (owner, stage, execution DESC)
    WHERE state IN ('SUCCEEDED', 'PARTIAL');

-- migrate:down
