-- migrate:up

-- What copies of the items are kept by. The default is computed once for the rows that there are, so none is rewritten.
ALTER TABLE items ADD COLUMN changed_in xid8 NOT NULL DEFAULT pg_current_xact_id(); -- what changed last what people see

CREATE FUNCTION number_item_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_in := pg_current_xact_id();
    RETURN NEW;
END $$;

CREATE TRIGGER number_item_change BEFORE UPDATE ON items FOR EACH ROW
    WHEN (NEW.state IS DISTINCT FROM OLD.state OR NEW.output IS DISTINCT FROM OLD.output
        OR NEW.reason IS DISTINCT FROM OLD.reason OR NEW.message IS DISTINCT FROM OLD.message
        OR NEW.day IS DISTINCT FROM OLD.day)
    EXECUTE FUNCTION number_item_change();

CREATE INDEX items_by_change ON items (stage, changed_in, owner, item_id) WHERE owner LIKE 'client:%';

-- Items of calls that are gone; one that has come back since is among the items, and counts there.
CREATE TABLE removed_items (
    stage      text NOT NULL,
    owner      text NOT NULL,
    item_id    text NOT NULL,
    changed_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
    removed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (stage, owner, item_id)
);
CREATE INDEX removed_items_by_change ON removed_items (stage, changed_in, owner, item_id);

DO $$
BEGIN
    ALTER TABLE removed_items ENABLE ROW LEVEL SECURITY;
    ALTER TABLE removed_items FORCE ROW LEVEL SECURITY;
    EXECUTE format('CREATE POLICY every_row ON removed_items TO %I USING (true)', current_schema() || '_system');
    EXECUTE format('CREATE POLICY own_rows ON removed_items FOR SELECT TO %I USING (owner = ANY '
        '(string_to_array(current_setting(''potok.owners'', true), '','')))', current_schema() || '_app');
END $$;

-- migrate:down
