-- migrate:up

ALTER TABLE call_sync.calls
    ADD COLUMN language text NOT NULL DEFAULT ''; -- ISO 639-1; empty where the source does not say

-- migrate:down
