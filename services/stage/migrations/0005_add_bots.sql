-- migrate:up

-- The bot whose meeting is the only item of an execution; empty for calls.
ALTER TABLE executions ADD COLUMN bot_id text NOT NULL DEFAULT '';

-- migrate:down
