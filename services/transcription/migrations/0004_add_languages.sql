-- migrate:up

ALTER TABLE transcription.transcripts
    ADD COLUMN languages jsonb NOT NULL DEFAULT '[]', -- those that each voice was heard in, and how sure that is
    ADD COLUMN speakers_guessed boolean NOT NULL DEFAULT false;

-- migrate:down
