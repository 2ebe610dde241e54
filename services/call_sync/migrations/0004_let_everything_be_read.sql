-- migrate:up

-- `*` stands for the rows of everybody: administrators may see them, and services that ask for results.
ALTER POLICY calls_of_visible_owners ON call_sync.calls
    USING (
        current_user LIKE '%\_system'
        OR current_setting('potok.owners', true) = '*'
        OR owner = ANY (string_to_array(current_setting('potok.owners', true), ','))
    );

-- migrate:down
