-- migrate:up

-- Empty and null for quotes that were stored before; a run in mode ALL fills them.
ALTER TABLE recommendations.advice
    ADD COLUMN quote_speaker text NOT NULL DEFAULT '',
    ADD COLUMN quote_seconds float8; -- from the start of the recording

-- migrate:down
