-- migrate:up

ALTER TABLE call_sync.calls
    ADD COLUMN merged_into text, -- the call that this is another listing of
    ADD COLUMN fault text NOT NULL DEFAULT ''; -- what of it cannot be read, for people

-- migrate:down
