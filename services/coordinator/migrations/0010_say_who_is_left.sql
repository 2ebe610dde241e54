-- migrate:up

-- Who is on the left channel of calls in stereo: 'operator', 'client', or empty for the setting of transcription.
ALTER TABLE coordinator.clients
    ADD COLUMN left_incoming text NOT NULL DEFAULT '',
    ADD COLUMN left_outgoing text NOT NULL DEFAULT '';

-- migrate:down
