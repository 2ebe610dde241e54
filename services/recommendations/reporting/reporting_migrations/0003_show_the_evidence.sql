-- migrate:up

-- Rows that were written before have none of it until a run in mode ALL writes them again.
ALTER TABLE reporting.analyses
    ADD COLUMN told_share float8,
    ADD COLUMN speakers_guessed bool NOT NULL DEFAULT false;
COMMENT ON COLUMN reporting.analyses.score IS 'Score over the items of the checklist that could be told, 0 to 100; null where none could.';
COMMENT ON COLUMN reporting.analyses.told_share IS 'How much of the checklist could be told, by weight, 0 to 1; null where no item applied.';
COMMENT ON COLUMN reporting.analyses.speakers_guessed IS 'Whether the recording does not tell the speakers, so that who is who was guessed.';
COMMENT ON COLUMN reporting.checklist_items.status IS 'completed (counts 1), attempted (0.5), not_reached (0); not counted: not_applicable, and cannot_be_told where no words of the employee show it, or they were not heard well.';

ALTER TABLE reporting.checklist_items
    ADD COLUMN quote_speaker text NOT NULL DEFAULT '',
    ADD COLUMN quote_seconds float8;
COMMENT ON COLUMN reporting.checklist_items.quote_speaker IS 'Who said the words: operator, client or unknown; empty where there are none.';
COMMENT ON COLUMN reporting.checklist_items.quote_seconds IS 'When they begin, in seconds from the start of the recording; null where there are none.';

ALTER TABLE reporting.recommendations
    ADD COLUMN quote_speaker text NOT NULL DEFAULT '',
    ADD COLUMN quote_seconds float8;
COMMENT ON COLUMN reporting.recommendations.quote_speaker IS 'Who said the words: operator, client or unknown; empty where there are none.';
COMMENT ON COLUMN reporting.recommendations.quote_seconds IS 'When they begin, in seconds from the start of the recording; null where there are none.';

ALTER TABLE reporting.objections
    ADD COLUMN quote_speaker text NOT NULL DEFAULT '',
    ADD COLUMN quote_seconds float8;
COMMENT ON COLUMN reporting.objections.quote_speaker IS 'Who said the words: client, or unknown; empty where there are none.';
COMMENT ON COLUMN reporting.objections.quote_seconds IS 'When they begin, in seconds from the start of the recording; null where there are none.';

ALTER TABLE reporting.agreements
    ADD COLUMN quote_speaker text NOT NULL DEFAULT '',
    ADD COLUMN quote_seconds float8;
COMMENT ON COLUMN reporting.agreements.quote_speaker IS 'Who said the words: operator, client or unknown; empty where there are none.';
COMMENT ON COLUMN reporting.agreements.quote_seconds IS 'When they begin, in seconds from the start of the recording; null where there are none.';

-- migrate:down
