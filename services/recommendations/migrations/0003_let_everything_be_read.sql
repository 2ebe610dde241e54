-- migrate:up

-- `*` stands for the rows of everybody: administrators may see them, and services that ask for results.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['calls', 'advice', 'reports', 'call_skills', 'employee_recommendations', 'changed_employees'] LOOP
        EXECUTE format('ALTER POLICY own_rows ON recommendations.%I USING (current_setting(''potok.owners'', true) = ''*'' '
            'OR owner = ANY (string_to_array(current_setting(''potok.owners'', true), '','')))', name);
    END LOOP;
END $$;

-- migrate:down
