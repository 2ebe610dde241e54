-- name: lock_run_usage(owner, run_id)$
-- Makes and locks the row of a run, and returns what it cost: what is counted under the lock misses nothing committed before.
INSERT INTO analysis.run_usages AS used (owner, run_id)
VALUES (:owner, :run_id)
    ON CONFLICT (owner, run_id) DO UPDATE
   SET owner = used.owner
RETURNING used.cost;

-- name: delete_expired_reservations(owner, run_id)!
-- Gives back what processes that died had set apart, by the clock and not by the start of the transaction, which waited.
DELETE FROM analysis.reservations
 WHERE owner = :owner
   AND run_id = :run_id
   AND expires_at <= clock_timestamp();

-- name: add_reservation(owner, run_id, least, most, left, lifetime)^
-- Sets apart the most that is free, and returns no row where that is less than the least.
INSERT INTO analysis.reservations (owner, run_id, amount, expires_at)
SELECT :owner, :run_id, least(:most, free.amount), clock_timestamp() + :lifetime::interval
  FROM (SELECT :left::float8 - coalesce(sum(amount), 0) AS amount
          FROM analysis.reservations
         WHERE owner = :owner
           AND run_id = :run_id) AS free
 WHERE free.amount >= :least
RETURNING reservation_id, amount;

-- name: settle_usage(owner, run_id, reservation_id, requests, prompt_tokens, completion_tokens, cost, currency)!
-- Adds what was used to its run and ends its reservation in one statement, so that no money is counted twice.
WITH settled AS (
    DELETE FROM analysis.reservations
     WHERE reservation_id = :reservation_id
)
INSERT INTO analysis.run_usages AS used (
       owner, run_id, requests, prompt_tokens, completion_tokens, cost, currency)
VALUES (:owner, :run_id, :requests, :prompt_tokens, :completion_tokens, :cost, :currency)
    ON CONFLICT (owner, run_id) DO UPDATE
   SET requests = used.requests + excluded.requests,
       prompt_tokens = used.prompt_tokens + excluded.prompt_tokens,
       completion_tokens = used.completion_tokens + excluded.completion_tokens,
       cost = used.cost + excluded.cost,
       currency = coalesce(excluded.currency, used.currency),
       updated_at = now();

-- name: get_run_usage(owner, run_id)^
-- Returns what a run has used; no row where it never asked.
SELECT requests, prompt_tokens, completion_tokens, cost, currency
  FROM analysis.run_usages
 WHERE owner = :owner
   AND run_id = :run_id;
