-- migrate:up

ALTER TABLE items
    ADD COLUMN duration_seconds float8, -- of the call, by its source
    ADD COLUMN postponed int NOT NULL DEFAULT 0; -- how often it was tried too early

-- Skipped items that are looked at again.
CREATE INDEX items_revisited ON items (stage, run_after) WHERE state = 'SKIPPED' AND run_after IS NOT NULL;

-- For the deletion of old ones.
CREATE INDEX executions_ended ON executions (ended_at) WHERE acked_at IS NOT NULL;

-- migrate:down
