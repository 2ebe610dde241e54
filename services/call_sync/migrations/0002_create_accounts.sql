-- migrate:up

CREATE TABLE call_sync.accounts (
    account_id          text        NOT NULL,
    host                text        NOT NULL,
    kind                text        NOT NULL,
    state               text        NOT NULL,
    message             text        NOT NULL, -- why it is not ACTIVE
    resume_at           timestamptz,          -- when a pause ends by itself
    requests_per_second float8      NOT NULL,
    name                text        NOT NULL, -- as the account calls itself
    time_zone           text        NOT NULL,
    updated_at          timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT accounts_pkey PRIMARY KEY (account_id),
    CONSTRAINT accounts_kind_known CHECK (kind IN ('LONG_LIVED', 'OAUTH')),
    CONSTRAINT accounts_state_known CHECK (state IN ('ACTIVE', 'PAUSED', 'REAUTH_REQUIRED')),
    CONSTRAINT accounts_rate_positive CHECK (requests_per_second > 0),
    CONSTRAINT accounts_pause_ends CHECK (resume_at IS NULL OR state = 'PAUSED')
);

-- A table of its own: its row is locked for as long as tokens are being renewed.
CREATE TABLE call_sync.account_tokens (
    account_id        text        NOT NULL,
    sealed            bytea       NOT NULL, -- encrypted: integration and tokens
    access_expires_at timestamptz,
    renewed_at        timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT account_tokens_pkey PRIMARY KEY (account_id),
    CONSTRAINT account_tokens_account FOREIGN KEY (account_id)
        REFERENCES call_sync.accounts ON DELETE CASCADE
);

-- A table of its own: its row changes with every request.
CREATE TABLE call_sync.account_rates (
    account_id text        NOT NULL,
    rate       float8      NOT NULL,               -- requests a second at the moment
    next_at    timestamptz NOT NULL DEFAULT now(), -- of the next slot that is free
    changed_at timestamptz NOT NULL DEFAULT now(), -- of the rate
    CONSTRAINT account_rates_pkey PRIMARY KEY (account_id),
    CONSTRAINT account_rates_account FOREIGN KEY (account_id)
        REFERENCES call_sync.accounts ON DELETE CASCADE,
    CONSTRAINT account_rates_positive CHECK (rate > 0)
);

-- Accounts belong to the system, not to an owner: nothing of them is for readers with a user behind.
ALTER TABLE call_sync.accounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE call_sync.accounts FORCE ROW LEVEL SECURITY;
ALTER TABLE call_sync.account_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE call_sync.account_tokens FORCE ROW LEVEL SECURITY;
ALTER TABLE call_sync.account_rates ENABLE ROW LEVEL SECURITY;
ALTER TABLE call_sync.account_rates FORCE ROW LEVEL SECURITY;

CREATE POLICY accounts_of_the_system ON call_sync.accounts
    USING (current_user LIKE '%\_system');
CREATE POLICY account_tokens_of_the_system ON call_sync.account_tokens
    USING (current_user LIKE '%\_system');
CREATE POLICY account_rates_of_the_system ON call_sync.account_rates
    USING (current_user LIKE '%\_system');

-- migrate:down
