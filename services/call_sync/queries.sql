-- name: get_calls(owner, call_ids)
-- In the order asked for.
SELECT calls.*
  FROM unnest(:call_ids::text[]) WITH ORDINALITY AS wanted (call_id, position)
  JOIN call_sync.calls ON calls.owner = :owner AND calls.call_id = wanted.call_id
 ORDER BY wanted.position;

-- name: upsert_calls(owner, execution, call_ids, days, started_at, directions, durations, employees, contacts, answered, links)!
-- Sorted, so that two listings of one owner lock rows in one order.
INSERT INTO call_sync.calls AS stored (
       owner, execution, call_id, day, started_at, direction, duration_seconds, employee, contact,
       answered, recording_link)
SELECT :owner, :execution, listed.*
  FROM unnest(
           :call_ids::text[], :days::date[], :started_at::timestamptz[], :directions::text[],
           :durations::float8[], :employees::text[], :contacts::text[], :answered::boolean[],
           :links::text[]) AS listed (call_id)
 ORDER BY listed.call_id
    ON CONFLICT (owner, call_id) DO UPDATE
   SET execution = excluded.execution,
       day = excluded.day,
       started_at = excluded.started_at,
       direction = excluded.direction,
       duration_seconds = excluded.duration_seconds,
       employee = excluded.employee,
       contact = excluded.contact,
       answered = excluded.answered,
       recording_link = excluded.recording_link,
       updated_at = now()
 WHERE stored.execution <= excluded.execution;

-- name: set_recordings(owner, call_ids, hashes, sizes, content_types, file_names)!
UPDATE call_sync.calls
   SET recording_sha256 = kept.sha256,
       recording_size_bytes = kept.size_bytes,
       recording_content_type = kept.content_type,
       recording_file_name = kept.file_name,
       updated_at = now()
  FROM unnest(
           :call_ids::text[], :hashes::text[], :sizes::bigint[], :content_types::text[],
           :file_names::text[]) AS kept (call_id, sha256, size_bytes, content_type, file_name)
 WHERE calls.owner = :owner
   AND calls.call_id = kept.call_id;

-- name: clear_recordings(owner, call_ids)!
UPDATE call_sync.calls
   SET recording_sha256 = NULL,
       recording_size_bytes = NULL,
       recording_content_type = NULL,
       recording_file_name = NULL,
       updated_at = now()
 WHERE owner = :owner
   AND call_id = ANY (:call_ids::text[])
   AND recording_sha256 IS NOT NULL;

-- name: delete_calls(owner, call_ids)!
DELETE FROM call_sync.calls
 WHERE owner = :owner
   AND call_id = ANY (:call_ids::text[]);

-- name: get_account(account_id)^
SELECT accounts.*, tokens.access_expires_at
  FROM call_sync.accounts
  JOIN call_sync.account_tokens AS tokens USING (account_id)
 WHERE account_id = :account_id;

-- name: list_accounts(after, page_size)
SELECT accounts.*, tokens.access_expires_at
  FROM call_sync.accounts
  JOIN call_sync.account_tokens AS tokens USING (account_id)
 WHERE account_id > :after
 ORDER BY account_id
 LIMIT :page_size;

-- name: get_credentials(account_id)^
SELECT accounts.*, tokens.access_expires_at, tokens.sealed
  FROM call_sync.accounts
  JOIN call_sync.account_tokens AS tokens USING (account_id)
 WHERE account_id = :account_id;

-- name: allow_slow_renewal()!
-- An answer of the outside is waited for while the row is locked: longer than a transaction may idle elsewhere.
SELECT set_config('idle_in_transaction_session_timeout', '40s', true),
       set_config('statement_timeout', '40s', true);

-- name: lock_tokens(account_id)^
-- Taken before the account's row by all who change both.
SELECT account_id FROM call_sync.account_tokens WHERE account_id = :account_id FOR UPDATE;

-- name: put_account(account_id, host, kind, requests_per_second)!
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
INSERT INTO call_sync.account_rates AS stored (account_id, rate)
VALUES (:account_id, :rate)
    ON CONFLICT (account_id) DO UPDATE
   SET rate = excluded.rate,
       changed_at = now();

-- name: put_tokens(account_id, sealed, access_expires_at)!
INSERT INTO call_sync.account_tokens AS stored (account_id, sealed, access_expires_at)
VALUES (:account_id, :sealed, :access_expires_at)
    ON CONFLICT (account_id) DO UPDATE
   SET sealed = excluded.sealed,
       access_expires_at = excluded.access_expires_at,
       renewed_at = now();

-- name: set_host(account_id, host)!
UPDATE call_sync.accounts
   SET host = :host,
       updated_at = now()
 WHERE account_id = :account_id
   AND host <> :host;

-- name: require_reauth(account_id, message)!
UPDATE call_sync.accounts
   SET state = 'REAUTH_REQUIRED',
       message = :message,
       resume_at = NULL,
       updated_at = now()
 WHERE account_id = :account_id;

-- name: pause_account(account_id, message, resume_at)!
UPDATE call_sync.accounts
   SET state = 'PAUSED',
       message = :message,
       resume_at = :resume_at,
       updated_at = now()
 WHERE account_id = :account_id
   AND (state = 'ACTIVE' OR resume_at IS NOT NULL);

-- name: resume_account(account_id)!
UPDATE call_sync.accounts
   SET state = 'ACTIVE',
       message = '',
       resume_at = NULL,
       updated_at = now()
 WHERE account_id = :account_id
   AND state = 'PAUSED';

-- name: set_description(account_id, name, time_zone)!
UPDATE call_sync.accounts
   SET name = :name,
       time_zone = :time_zone
 WHERE account_id = :account_id;

-- name: delete_account(account_id)$
DELETE FROM call_sync.accounts WHERE account_id = :account_id RETURNING account_id;

-- name: list_unrenewed(before)
SELECT account_id
  FROM call_sync.accounts
  JOIN call_sync.account_tokens AS tokens USING (account_id)
 WHERE kind = 'OAUTH'
   AND state = 'ACTIVE'
   AND tokens.renewed_at < :before
 ORDER BY tokens.renewed_at
 LIMIT 100;

-- name: list_sealed()
SELECT account_id, sealed FROM call_sync.account_tokens ORDER BY account_id;

-- name: reseal(account_id, sealed, resealed)$
-- Unless it has changed meanwhile.
UPDATE call_sync.account_tokens
   SET sealed = :resealed
 WHERE account_id = :account_id
   AND sealed = :sealed
RETURNING account_id;

-- name: reserve_slots(account_id, slots, top)^
-- A virtual schedule: the slots follow the last that anybody took. No burst is saved up.
   UPDATE call_sync.account_rates
      SET next_at = greatest(next_at, clock_timestamp())
                  + :slots::int * interval '1 second' / least(rate, :top::float8)
    WHERE account_id = :account_id
RETURNING least(rate, :top) AS rate,
          greatest(0, extract(epoch FROM next_at - clock_timestamp())::float8
                      - :slots / least(rate, :top)) AS first_in;

-- name: halve_rate(account_id, wait_seconds)!
-- Requests that were under way together are refused together: that is one reason to halve, not many.
UPDATE call_sync.account_rates
   SET rate = CASE WHEN changed_at < clock_timestamp() - interval '1 second'
                   THEN greatest(rate / 2, 0.1) ELSE rate END,
       changed_at = clock_timestamp(),
       next_at = greatest(next_at, clock_timestamp() + :wait_seconds::float8 * interval '1 second')
 WHERE account_id = :account_id;

-- name: raise_rate(account_id, top)!
UPDATE call_sync.account_rates
   SET rate = least(rate * 2, :top::float8),
       changed_at = clock_timestamp()
 WHERE account_id = :account_id
   AND rate < :top
   AND changed_at < clock_timestamp() - interval '1 minute';

-- name: register_recording(sha256, grace)!
-- Waits for a sweep that is about to delete the bytes.
INSERT INTO call_sync.recordings AS known (sha256, look_at)
VALUES (:sha256, now() + :grace::interval)
    ON CONFLICT (sha256) DO UPDATE
   SET look_at = excluded.look_at,
       unused = false;

-- name: list_due_recordings(page_size)
-- Locked, so that nobody stores their bytes anew meanwhile; what another sweep looks at is left out.
SELECT recordings.sha256, recordings.unused,
       EXISTS (SELECT FROM call_sync.calls
                WHERE calls.recording_sha256 = recordings.sha256) AS in_use
  FROM call_sync.recordings
 WHERE look_at <= now()
 ORDER BY look_at
 LIMIT :page_size
   FOR UPDATE OF recordings SKIP LOCKED;

-- name: note_recordings(hashes, unused, grace)!
UPDATE call_sync.recordings
   SET unused = noted.unused,
       look_at = now() + :grace::interval
  FROM unnest(:hashes::text[], :unused::boolean[]) AS noted (sha256, unused)
 WHERE recordings.sha256 = noted.sha256;

-- name: delete_recordings(hashes)!
DELETE FROM call_sync.recordings
 WHERE sha256 = ANY (:hashes::text[]);
