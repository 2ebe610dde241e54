-- migrate:up

ALTER TABLE coordinator.ledger
    ADD COLUMN permanent bigint NOT NULL DEFAULT 0, -- of the failed: for good
    ADD COLUMN seen_version bigint NOT NULL DEFAULT 0; -- of the newest report; `version` is of the one that is told

-- migrate:down
