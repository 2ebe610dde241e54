-- migrate:up

-- The items of the checklists that applied. Calls that were rolled up before have none until a run in mode ALL.
CREATE TABLE recommendations.call_items (
    owner   text NOT NULL,
    call_id text NOT NULL,
    item    text NOT NULL,
    skill   text NOT NULL,
    day     date NOT NULL, -- of the call, so that a range is read without a join
    status  text NOT NULL,
    CONSTRAINT call_items_pkey PRIMARY KEY (owner, call_id, item),
    CONSTRAINT call_items_of_call FOREIGN KEY (owner, call_id)
        REFERENCES recommendations.calls ON DELETE CASCADE,
    CONSTRAINT call_items_status_known
        CHECK (status IN ('COMPLETED', 'ATTEMPTED', 'NOT_REACHED', 'CANNOT_BE_TOLD'))
);
-- Holds all that a range adds up, which can be read from the index alone.
CREATE INDEX call_items_of_days ON recommendations.call_items (owner, day) INCLUDE (item, skill, status);

ALTER TABLE recommendations.call_items ENABLE ROW LEVEL SECURITY;
ALTER TABLE recommendations.call_items FORCE ROW LEVEL SECURITY;
CREATE POLICY every_row ON recommendations.call_items TO recommendations_system USING (true);
CREATE POLICY own_rows ON recommendations.call_items FOR SELECT TO recommendations_app
    USING (current_setting('potok.owners', true) = '*'
           OR owner = ANY (string_to_array(current_setting('potok.owners', true), ',')));

ALTER TABLE recommendations.calls
    ADD COLUMN told_share float8, -- null for calls of before, too
    ADD CONSTRAINT calls_told_share CHECK (told_share BETWEEN 0 AND 1);

-- migrate:down
