-- migrate:up

CREATE TABLE coordinator.log (
    revision bigint PRIMARY KEY,
    owner    text NOT NULL,
    subject  text NOT NULL,
    body     bytea NOT NULL,
    actor    text NOT NULL,
    at       timestamptz NOT NULL
);
ALTER TABLE coordinator.log ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX log_by_age ON coordinator.log (at);

-- `generation` is raised by hand after a restore: it makes every token of before invalid.
CREATE TABLE coordinator.log_head (
    only_row   bool PRIMARY KEY DEFAULT true,
    revision   bigint NOT NULL,
    compacted  bigint NOT NULL,
    generation bigint NOT NULL,
    CONSTRAINT log_head_only_row CHECK (only_row)
) WITH (fillfactor = 40);
INSERT INTO coordinator.log_head (revision, compacted, generation) VALUES (0, 0, 0);

-- Makes a group fail as a whole when rows it had in memory have changed since: SQLSTATE 40001 is retried.
CREATE FUNCTION coordinator.must_hold(holds bool) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
    IF NOT coalesce(holds, false) THEN
        RAISE EXCEPTION 'rows changed since they were read' USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN true;
END $$;

-- migrate:down
