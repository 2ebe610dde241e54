-- migrate:up

ALTER TABLE executions
    ADD COLUMN unchanged_failed int NOT NULL DEFAULT 0; -- of the unchanged: items that had failed before

-- migrate:down
