-- migrate:up

-- What a run has asked of the language model.
CREATE TABLE analysis.run_usages (
    owner             text        NOT NULL,
    run_id            text        NOT NULL,
    requests          bigint      NOT NULL DEFAULT 0,
    prompt_tokens     bigint      NOT NULL DEFAULT 0,
    completion_tokens bigint      NOT NULL DEFAULT 0,
    cost              float8      NOT NULL DEFAULT 0,
    currency          text,                            -- null where no prices are set
    updated_at        timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT run_usages_pkey PRIMARY KEY (owner, run_id)
);

-- What requests under way may cost: it counts against the run's cap until it is settled or expires.
CREATE TABLE analysis.reservations (
    reservation_id bigint      GENERATED ALWAYS AS IDENTITY,
    owner          text        NOT NULL,
    run_id         text        NOT NULL,
    amount         float8      NOT NULL,
    expires_at     timestamptz NOT NULL,
    CONSTRAINT reservations_pkey PRIMARY KEY (reservation_id),
    CONSTRAINT reservations_amount_is_not_negative CHECK (amount >= 0)
);

CREATE INDEX reservations_by_run ON analysis.reservations (owner, run_id);

ALTER TABLE analysis.run_usages ENABLE ROW LEVEL SECURITY;
ALTER TABLE analysis.run_usages FORCE ROW LEVEL SECURITY;
ALTER TABLE analysis.reservations ENABLE ROW LEVEL SECURITY;
ALTER TABLE analysis.reservations FORCE ROW LEVEL SECURITY;

CREATE POLICY every_row ON analysis.run_usages TO analysis_system USING (true);
CREATE POLICY every_row ON analysis.reservations TO analysis_system USING (true);
CREATE POLICY own_rows ON analysis.run_usages FOR SELECT TO analysis_app
    USING (owner = ANY (string_to_array(current_setting('potok.owners', true), ',')));
CREATE POLICY own_rows ON analysis.reservations FOR SELECT TO analysis_app
    USING (owner = ANY (string_to_array(current_setting('potok.owners', true), ',')));

-- migrate:down
