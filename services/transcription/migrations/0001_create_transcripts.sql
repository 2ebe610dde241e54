-- migrate:up

CREATE TABLE transcription.transcripts (
    owner            text        NOT NULL,
    call_id          text        NOT NULL,
    execution        bigint      NOT NULL, -- the one that made it
    language         text        NOT NULL,
    duration_seconds float8      NOT NULL,
    channels         int         NOT NULL,
    overlap_reliable boolean     NOT NULL,
    model            text        NOT NULL,
    segments         jsonb       NOT NULL, -- [{"speaker", "start", "end", "text"}, …]
    words            json        NOT NULL, -- of each segment: [[start, end, text, probability], …]
    created_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT transcripts_pkey PRIMARY KEY (owner, call_id),
    CONSTRAINT transcripts_duration_positive CHECK (duration_seconds >= 0),
    CONSTRAINT transcripts_channels_positive CHECK (channels > 0),
    CONSTRAINT transcripts_words_of_segments CHECK (jsonb_array_length(segments) = json_array_length(words))
);

ALTER TABLE transcription.transcripts ENABLE ROW LEVEL SECURITY;
ALTER TABLE transcription.transcripts FORCE ROW LEVEL SECURITY;

CREATE POLICY every_row ON transcription.transcripts TO transcription_system USING (true);
CREATE POLICY own_rows ON transcription.transcripts FOR SELECT TO transcription_app
    USING (owner = ANY (string_to_array(current_setting('potok.owners', true), ',')));

-- migrate:down
