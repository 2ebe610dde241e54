-- migrate:up

ALTER TABLE transcription.transcripts
    ADD COLUMN told_seconds float8 NOT NULL DEFAULT 0; -- how long the recording says it is, where less was heard

-- migrate:down
