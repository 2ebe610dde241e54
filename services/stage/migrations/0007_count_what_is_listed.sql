-- migrate:up

-- How many items of a day the source had when it was last asked; 0 in the stages that ask no source.
ALTER TABLE days ADD COLUMN listed bigint NOT NULL DEFAULT 0;

-- migrate:down
