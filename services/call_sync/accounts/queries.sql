-- name: get_account(account_id)^
-- Returns an account and when its access token ends, without its secrets.
SELECT accounts.*, tokens.access_expires_at
  FROM call_sync.accounts
  JOIN call_sync.account_tokens AS tokens USING (account_id)
 WHERE account_id = :account_id;

-- name: list_accounts(after, most)
-- Returns the first accounts after an id, in the order of ids.
SELECT accounts.*, tokens.access_expires_at
  FROM call_sync.accounts
  JOIN call_sync.account_tokens AS tokens USING (account_id)
 WHERE account_id > :after
 ORDER BY account_id
 LIMIT :most;

-- name: get_credentials(account_id)^
-- Returns an account with its secrets, which are encrypted.
SELECT accounts.*, tokens.access_expires_at, tokens.sealed
  FROM call_sync.accounts
  JOIN call_sync.account_tokens AS tokens USING (account_id)
 WHERE account_id = :account_id;

-- name: allow_slow_renewal()!
-- Lengthens the limits of the transaction: an answer of the outside is waited for while the row is locked, longer
-- than a transaction may idle elsewhere.
SELECT set_config('idle_in_transaction_session_timeout', '40s', true),
       set_config('statement_timeout', '40s', true);

-- name: lock_tokens(account_id)^
-- Locks the tokens of an account. All who change both take this lock before that of the account's row.
SELECT account_id FROM call_sync.account_tokens WHERE account_id = :account_id FOR UPDATE;

-- name: put_account(account_id, host, kind, requests_per_second)!
-- Stores an account as one that is read from, in the place of one of the same id. What it said of its name and zone
-- stays until it is asked again.
INSERT INTO call_sync.accounts AS stored (
       account_id, host, kind, state, message, requests_per_second, name, time_zone)
VALUES (:account_id, :host, :kind, 'ACTIVE', '', :requests_per_second, '', '')
    ON CONFLICT (account_id) DO UPDATE
   SET host = excluded.host,
       kind = excluded.kind,
       state = excluded.state,
       message = excluded.message,
       resume_at = NULL,
       requests_per_second = excluded.requests_per_second,
       updated_at = now();

-- name: put_rate(account_id, rate)!
-- Sets how fast an account is asked; turns that were handed out already stay.
INSERT INTO call_sync.account_rates AS stored (account_id, rate)
VALUES (:account_id, :rate)
    ON CONFLICT (account_id) DO UPDATE
   SET rate = excluded.rate,
       changed_at = now();

-- name: put_tokens(account_id, sealed, access_expires_at)!
-- Stores the encrypted secrets of an account, in the place of older ones.
INSERT INTO call_sync.account_tokens AS stored (account_id, sealed, access_expires_at)
VALUES (:account_id, :sealed, :access_expires_at)
    ON CONFLICT (account_id) DO UPDATE
   SET sealed = excluded.sealed,
       access_expires_at = excluded.access_expires_at,
       renewed_at = now();

-- name: set_host(account_id, host)!
-- Notes that an account has moved to another host.
UPDATE call_sync.accounts
   SET host = :host,
       updated_at = now()
 WHERE account_id = :account_id
   AND host <> :host;

-- name: require_reauth(account_id, message)!
-- Notes that the tokens of an account are refused, which only new ones mend.
UPDATE call_sync.accounts
   SET state = 'REAUTH_REQUIRED',
       message = :message,
       resume_at = NULL,
       updated_at = now()
 WHERE account_id = :account_id;

-- name: pause_account(account_id, message, resume_at)!
-- Has an account left alone until a time, or for good where there is none. A pause that a person has to end stays,
-- and so does REAUTH_REQUIRED.
UPDATE call_sync.accounts
   SET state = 'PAUSED',
       message = :message,
       resume_at = :resume_at,
       updated_at = now()
 WHERE account_id = :account_id
   AND (state = 'ACTIVE' OR resume_at IS NOT NULL);

-- name: resume_account(account_id)$
-- Ends a pause, and returns the account where there was one; an account that needs new tokens stays as it is.
UPDATE call_sync.accounts
   SET state = 'ACTIVE',
       message = '',
       resume_at = NULL,
       updated_at = now()
 WHERE account_id = :account_id
   AND state = 'PAUSED'
RETURNING account_id;

-- name: set_description(account_id, name, time_zone)!
-- Writes what an account says of itself.
UPDATE call_sync.accounts
   SET name = :name,
       time_zone = :time_zone
 WHERE account_id = :account_id;

-- name: delete_account(account_id)$
-- Deletes an account, and by the foreign keys its tokens and its rate; returns nothing where there is none.
DELETE FROM call_sync.accounts WHERE account_id = :account_id RETURNING account_id;

-- name: list_unrenewed(before)
-- Returns accounts of integrations whose tokens have not been renewed since a time, the longest first.
SELECT account_id
  FROM call_sync.accounts
  JOIN call_sync.account_tokens AS tokens USING (account_id)
 WHERE kind = 'OAUTH'
   AND state = 'ACTIVE'
   AND tokens.renewed_at < :before
 ORDER BY tokens.renewed_at
 LIMIT 100;

-- name: list_sealed()
-- Returns the encrypted secrets of all accounts.
SELECT account_id, sealed FROM call_sync.account_tokens ORDER BY account_id;

-- name: reseal(account_id, sealed, resealed)$
-- Replaces secrets by the same ones under another key, unless they have changed meanwhile.
UPDATE call_sync.account_tokens
   SET sealed = :resealed
 WHERE account_id = :account_id
   AND sealed = :sealed
RETURNING account_id;

-- name: reserve_slots(account_id, slots, top)^
-- Takes the next turns of an account in a virtual schedule: they follow the last that anybody took, and none are
-- saved up for a burst.
   UPDATE call_sync.account_rates
      SET next_at = greatest(next_at, clock_timestamp())
                  + :slots::int * interval '1 second' / least(rate, :top::float8)
    WHERE account_id = :account_id
RETURNING least(rate, :top) AS rate,
          greatest(0, extract(epoch FROM next_at - clock_timestamp())::float8
                      - :slots / least(rate, :top)) AS first_in;

-- name: halve_rate(account_id, wait_seconds)!
-- Halves the rate of an account and lets nobody ask it for a while. Requests that were under way together are
-- refused together, which is one reason to halve and not many.
UPDATE call_sync.account_rates
   SET rate = CASE WHEN changed_at < clock_timestamp() - interval '1 second'
                   THEN greatest(rate / 2, 0.1) ELSE rate END,
       changed_at = clock_timestamp(),
       next_at = greatest(next_at, clock_timestamp() + :wait_seconds::float8 * interval '1 second')
 WHERE account_id = :account_id;

-- name: raise_rate(account_id, top)!
-- Doubles the rate of an account that was last changed more than a minute ago, up to the highest.
UPDATE call_sync.account_rates
   SET rate = least(rate * 2, :top::float8),
       changed_at = clock_timestamp()
 WHERE account_id = :account_id
   AND rate < :top
   AND changed_at < clock_timestamp() - interval '1 minute';
