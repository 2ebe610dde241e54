-- migrate:up

-- A discovery or a finish that its source has asked to come back later.
ALTER TABLE executions
    ADD COLUMN wait_reason text, -- what it waits for, until it gets on
    ADD COLUMN run_after timestamptz; -- not before then

-- migrate:down
