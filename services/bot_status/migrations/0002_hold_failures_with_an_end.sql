-- migrate:up

ALTER TABLE bot_status.bots
    ADD COLUMN held_until   timestamptz,                    -- until when a failure is held back
    ADD COLUMN leave_wanted boolean NOT NULL DEFAULT false; -- a request to leave that was not taken

ALTER TABLE bot_status.observations
    DROP CONSTRAINT observations_verdict_known,
    ADD CONSTRAINT observations_verdict_known
        CHECK (verdict IN ('APPLIED', 'DUPLICATE', 'STALE', 'ILLEGAL', 'IGNORED'));

-- migrate:down
