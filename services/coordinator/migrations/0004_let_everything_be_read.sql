-- migrate:up

-- `*` stands for the rows of everybody: administrators may see them, and services that ask for results.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['clients', 'runs', 'executions', 'ledger', 'log', 'rejected_reports'] LOOP
        EXECUTE format('ALTER POLICY own_rows ON coordinator.%I USING (current_setting(''potok.owners'', true) = ''*'' '
            'OR owner = ANY (string_to_array(current_setting(''potok.owners'', true), '','')))', name);
    END LOOP;
END $$;

-- A snapshot says of which revision it is.
GRANT SELECT ON coordinator.log_head TO coordinator_app;

-- migrate:down
