-- migrate:up

-- `*` stands for the rows of everybody: administrators may see them, and services that ask for results.
ALTER POLICY own_rows ON transcription.transcripts
    USING (
        current_setting('potok.owners', true) = '*'
        OR owner = ANY (string_to_array(current_setting('potok.owners', true), ','))
    );

-- migrate:down
