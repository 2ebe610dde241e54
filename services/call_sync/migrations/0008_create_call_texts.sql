-- migrate:up

-- What the stages found of a call, beside what its source says: all that calls are filtered by is in one row.
ALTER TABLE call_sync.calls
    ADD COLUMN stages text[] NOT NULL DEFAULT '{}', -- where it is in each stage, as in `ANALYSIS FAILED`
    ADD COLUMN call_type text NOT NULL DEFAULT '',
    ADD COLUMN outcome text NOT NULL DEFAULT '',
    ADD COLUMN sentiment text NOT NULL DEFAULT '',
    ADD COLUMN score float8,
    ADD COLUMN heard_language text NOT NULL DEFAULT '', -- ISO 639-1, of the transcript
    ADD COLUMN text_output bigint NOT NULL DEFAULT 0, -- the execution that made the transcript that is copied
    ADD COLUMN findings_output bigint NOT NULL DEFAULT 0, -- likewise, of the analysis
    ADD COLUMN contact_digits text NOT NULL GENERATED ALWAYS AS (regexp_replace(contact, '[^0-9]', '', 'g')) STORED,
    ADD CONSTRAINT calls_by_start UNIQUE (owner, started_at, call_id);

-- Asked once a statement, not for each row.
ALTER POLICY calls_of_visible_owners ON call_sync.calls
    USING (
        (SELECT current_user LIKE '%\_system' OR current_setting('potok.owners', true) = '*')
        OR owner = ANY ((SELECT string_to_array(current_setting('potok.owners', true), ','))::text[])
    );

-- The items of all stages, copied. They may come before their call does, and outlive it.
CREATE TABLE call_sync.call_stages (
    owner      text        NOT NULL,
    call_id    text        NOT NULL,
    stage      text        NOT NULL,
    state      text        NOT NULL,
    reason     text,
    message    text        NOT NULL,
    output     bigint      NOT NULL, -- the execution that made its readable result; 0: there is none
    updated_at timestamptz NOT NULL, -- by the stage
    due        boolean     NOT NULL DEFAULT false, -- its result is not the one that is copied
    CONSTRAINT call_stages_pkey PRIMARY KEY (owner, call_id, stage)
);
CREATE INDEX call_stages_due ON call_sync.call_stages (stage, owner, call_id) WHERE due;

-- What was said, copied. A row has the time of its call, so that what is found is sorted without a look at the calls.
CREATE TABLE call_sync.call_texts (
    owner      text        NOT NULL,
    call_id    text        NOT NULL,
    started_at timestamptz NOT NULL,
    words      tsvector    NOT NULL, -- with a word for the owner, so that nobody's calls are looked at for others
    texts      text[]      NOT NULL, -- of the turns
    speakers   text[]      NOT NULL,
    begins     float8[]    NOT NULL, -- seconds
    ends       float8[]    NOT NULL,
    CONSTRAINT call_texts_pkey PRIMARY KEY (owner, call_id),
    CONSTRAINT call_texts_call FOREIGN KEY (owner, started_at, call_id)
        REFERENCES call_sync.calls (owner, started_at, call_id) ON UPDATE CASCADE ON DELETE CASCADE
) WITH (toast_tuple_target = 128); -- what is long lies elsewhere, so that a look at many rows is short
CREATE INDEX call_texts_by_call ON call_sync.call_texts (owner, started_at, call_id);
CREATE INDEX call_texts_by_word ON call_sync.call_texts USING gin (words);

ALTER TABLE call_sync.call_stages ENABLE ROW LEVEL SECURITY;
ALTER TABLE call_sync.call_stages FORCE ROW LEVEL SECURITY;
-- Not forced upon the owner of the table: `find_texts` looks for words by their index, which no reader under
-- row-level security can, and asks by itself whether the reader may.
ALTER TABLE call_sync.call_texts ENABLE ROW LEVEL SECURITY;

CREATE POLICY call_stages_of_visible_owners ON call_sync.call_stages
    USING (
        (SELECT current_user LIKE '%\_system' OR current_setting('potok.owners', true) = '*')
        OR owner = ANY ((SELECT string_to_array(current_setting('potok.owners', true), ','))::text[])
    );
CREATE POLICY call_texts_of_visible_owners ON call_sync.call_texts
    USING (
        (SELECT current_user LIKE '%\_system' OR current_setting('potok.owners', true) = '*')
        OR owner = ANY ((SELECT string_to_array(current_setting('potok.owners', true), ','))::text[])
    );

-- The word in `words` that stands for an owner; no text has it, since the parser takes a control for a blank.
CREATE FUNCTION call_sync.owner_word(owner text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT chr(1) || owner
$$;

-- Returns the calls that a filter means; what it leaves null leaves nothing out. `by_stages` are values of `stages`, one of
-- which a call has to have. `by_digits` are looked for anywhere in a number where the reader may see it `whole`, else
-- among what is shown of it: the last four digits of a long number, all of a short one.
CREATE FUNCTION call_sync.select_calls(
    of_owner text, from_date date, to_date date, by_employee text, by_direction text, by_answered boolean,
    by_recorded boolean, by_name text, by_digits text, whole boolean, min_seconds float8, max_seconds float8,
    by_stages text[], by_call_type text, by_outcome text, by_sentiment text, min_score float8, max_score float8
) RETURNS SETOF call_sync.calls
LANGUAGE sql STABLE
AS $$
    SELECT * FROM call_sync.calls
     WHERE owner = of_owner
       AND (from_date IS NULL OR day >= from_date AND started_at >= from_date - interval '1 day')
       AND (to_date IS NULL OR day <= to_date AND started_at < to_date + interval '2 days')
       AND (by_employee IS NULL OR employee = by_employee)
       AND (by_direction IS NULL OR direction = by_direction)
       AND (by_answered IS NULL OR answered = by_answered)
       AND (by_recorded IS NULL OR (recording_sha256 IS NOT NULL) = by_recorded)
       AND (by_name IS NULL OR position(lower(by_name) IN lower(contact)) > 0)
       AND (by_digits IS NULL OR CASE
               WHEN whole THEN position(by_digits IN contact_digits) > 0
               WHEN length(contact_digits) >= 10 THEN right(contact_digits, 4) = by_digits
               ELSE length(contact_digits) <= 4 AND contact_digits = by_digits
           END)
       AND (min_seconds IS NULL OR duration_seconds >= min_seconds)
       AND (max_seconds IS NULL OR duration_seconds <= max_seconds)
       AND (by_stages IS NULL OR stages && by_stages)
       AND (by_call_type IS NULL OR call_type = by_call_type)
       AND (by_outcome IS NULL OR outcome = by_outcome)
       AND (by_sentiment IS NULL OR sentiment = by_sentiment)
       AND (select_calls.min_score IS NULL OR score >= select_calls.min_score)
       AND (select_calls.max_score IS NULL OR score <= select_calls.max_score)
$$;

-- Whose turn it is to copy, and how far that is.
CREATE TABLE call_sync.copied_stages (
    stage   text        NOT NULL,
    cursor  text        NOT NULL DEFAULT '',
    as_of   timestamptz,                       -- what the stage had then is copied
    turn_at timestamptz NOT NULL DEFAULT now(), -- when the next turn is due
    CONSTRAINT copied_stages_pkey PRIMARY KEY (stage)
);
INSERT INTO call_sync.copied_stages (stage)
VALUES ('CALL_SYNC'), ('TRANSCRIPTION'), ('ANALYSIS'), ('RECOMMENDATIONS'), ('REPORTING');

-- migrate:down
