-- migrate:up

ALTER TABLE coordinator.ledger
    ADD COLUMN merged bigint NOT NULL DEFAULT 0, -- of the skipped: other listings of calls
    ADD COLUMN listed bigint NOT NULL DEFAULT 0; -- what the source had when it was last asked

-- migrate:down
