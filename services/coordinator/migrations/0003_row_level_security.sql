-- migrate:up

-- The second line of defence: the app role sees only the owners its transaction names, the system role everything.
-- Without `potok.owners` nothing is seen: the check fails closed.
ALTER TABLE coordinator.clients ADD COLUMN owner text GENERATED ALWAYS AS ('client:' || client_id) STORED;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['clients', 'runs', 'executions', 'ledger', 'log', 'rejected_reports'] LOOP
        EXECUTE format('ALTER TABLE coordinator.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE coordinator.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY every_row ON coordinator.%I TO coordinator_system USING (true)', name);
        EXECUTE format('CREATE POLICY own_rows ON coordinator.%I FOR SELECT TO coordinator_app '
            'USING (owner = ANY (string_to_array(current_setting(''potok.owners'', true), '','')))', name);
    END LOOP;
END $$;

-- What has no owner is nobody's business who is not the system.
REVOKE ALL ON coordinator.owners, coordinator.heartbeats, coordinator.deliveries, coordinator.requests,
    coordinator.log_head FROM coordinator_app;

-- migrate:down
