-- migrate:up

-- What a call hangs on in the CRM that it comes from; of calls that were listed before, once they are listed again.
ALTER TABLE call_sync.calls
    ADD COLUMN card_kind text,
    ADD COLUMN card_id text,
    ADD COLUMN card_link text,
    ADD CONSTRAINT calls_card_whole CHECK (num_nulls(card_kind, card_id, card_link) IN (0, 3));

-- migrate:down
