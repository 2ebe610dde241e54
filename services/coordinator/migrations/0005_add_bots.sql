-- migrate:up

-- A bot and what became of its meeting, as its owner reads it; deleted a day after its state last changed.
CREATE TABLE coordinator.bots (
    bot_id        text PRIMARY KEY,
    owner         text NOT NULL REFERENCES coordinator.owners,
    state         text NOT NULL,
    detail        text NOT NULL,
    error_message text NOT NULL,
    meet_url      text NOT NULL,
    bot_name      text NOT NULL,
    sequence      bigint NOT NULL,
    run_id        uuid REFERENCES coordinator.runs,
    day           date NOT NULL,
    time_zone     text NOT NULL,
    language      text NOT NULL,
    created_at    timestamptz NOT NULL,
    changed_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    CONSTRAINT bots_state CHECK (state IN ('INITIALIZED', 'CONNECTING', 'CONNECTED', 'TRANSCRIBING',
                                           'ANALYZING_MEETING', 'CREATING_TASKS', 'DONE', 'ERROR'))
);
CREATE INDEX bots_by_age ON coordinator.bots (created_at DESC, bot_id);
CREATE INDEX bots_by_owner ON coordinator.bots (owner, created_at DESC, bot_id);
CREATE INDEX bots_by_change ON coordinator.bots (changed_at);

-- A run is of the calls of a client, one at a time, or of the meeting of a bot, one at a time as well.
ALTER TABLE coordinator.runs ADD COLUMN bot_id text;
DROP INDEX coordinator.one_active_run_per_owner;
CREATE UNIQUE INDEX one_active_run_per_owner ON coordinator.runs (owner) WHERE ended_at IS NULL AND bot_id IS NULL;
CREATE UNIQUE INDEX one_active_run_per_bot ON coordinator.runs (bot_id) WHERE ended_at IS NULL AND bot_id IS NOT NULL;
CREATE INDEX runs_by_bot ON coordinator.runs (bot_id) WHERE bot_id IS NOT NULL;
CREATE INDEX runs_under_way ON coordinator.runs (owner) WHERE ended_at IS NULL;

ALTER TABLE coordinator.bots ENABLE ROW LEVEL SECURITY;
ALTER TABLE coordinator.bots FORCE ROW LEVEL SECURITY;
CREATE POLICY every_row ON coordinator.bots TO coordinator_system USING (true);
CREATE POLICY own_rows ON coordinator.bots FOR SELECT TO coordinator_app
    USING (current_setting('potok.owners', true) = '*'
           OR owner = ANY (string_to_array(current_setting('potok.owners', true), ',')));

-- migrate:down
