-- name: lock_request(owner, request_id)!
-- Lets one request through at a time: a second one of the same id waits here until the first has stored its wish.
SELECT pg_advisory_xact_lock(hashtextextended(:owner || ' ' || :request_id, 0));

-- name: get_request(owner, request_id, keep)^
-- Returns the bot of an earlier request, and what it asked for, while requests are remembered.
SELECT requests.digest AS request_digest, bots.*
  FROM bot_status.requests
  JOIN bot_status.bots USING (intent_id)
 WHERE requests.owner = :owner
   AND requests.request_id = :request_id
   AND requests.created_at > now() - :keep::interval;

-- name: put_request(owner, request_id, digest, intent_id)!
-- Remembers the wish that came of a request, in the place of one that was forgotten.
INSERT INTO bot_status.requests (owner, request_id, digest, intent_id)
VALUES (:owner, :request_id, :digest, :intent_id)
    ON CONFLICT (owner, request_id) DO UPDATE
   SET digest = excluded.digest,
       intent_id = excluded.intent_id,
       created_at = now();

-- name: insert_bot(intent_id, owner, provider, phase, bot_id, meet_url, bot_name, language, time_zone, day, state, media_ready, sequence, report_in, lease)^
-- Stores a bot that is only wished for, or one of a meeting that came without a bot. Without `report_in` it is not
-- reported yet.
INSERT INTO bot_status.bots (
       intent_id, owner, provider, phase, bot_id, meet_url, bot_name, language, time_zone, day, state,
       media_ready, sequence, report_at, state_at, answered_at, lease_until)
VALUES (:intent_id, :owner, :provider, :phase, :bot_id, :meet_url, :bot_name, :language, :time_zone, :day, :state,
       :media_ready, :sequence, now() + :report_in::interval, now(), now(), now() + :lease::interval)
RETURNING *;

-- name: begin_bot(intent_id, bot_id, external, state, detail, report_in)^
-- Makes a wish a bot that runs, with its first report; returns nothing where the wish was given up meanwhile.
UPDATE bot_status.bots
   SET phase = 'STARTED',
       bot_id = :bot_id,
       external = :external,
       state = :state,
       detail = :detail,
       sequence = sequence + 1,
       observations = observations + 1,
       state_at = now(),
       answered_at = now(),
       report_at = now() + :report_in::interval,
       next_poll_at = now(),
       lease_until = NULL,
       changed_at = now()
 WHERE intent_id = :intent_id
   AND phase = 'INTENDED'
RETURNING *;

-- name: give_up(intent_id, phase, failure)!
-- Notes that nothing came of a wish, unless a bot has come of it.
UPDATE bot_status.bots
   SET phase = :phase,
       failure = :failure,
       lease_until = NULL,
       changed_at = now()
 WHERE intent_id = :intent_id
   AND phase IN ('INTENDED', 'DOUBTFUL');

-- name: forget_request(intent_id)!
-- Forgets the request of a wish that failed, so that the same request may start another bot.
DELETE FROM bot_status.requests WHERE intent_id = :intent_id;

-- name: claim_unresolved(provider, lease, most)
-- Leases wishes whose end nobody has seen, the oldest first; another process gets others.
UPDATE bot_status.bots
   SET lease_until = now() + :lease::interval
 WHERE intent_id IN (
           SELECT intent_id
             FROM bot_status.bots
            WHERE phase IN ('INTENDED', 'DOUBTFUL')
              AND provider = :provider
              AND (lease_until IS NULL OR lease_until < now())
            ORDER BY created_at
            LIMIT :most
              FOR UPDATE SKIP LOCKED)
RETURNING *;

-- name: get_bot(bot_id)^
-- Returns a bot by its public id.
SELECT * FROM bot_status.bots WHERE bot_id = :bot_id;

-- name: lock_bot(intent_id)^
-- Returns a bot and locks its row, so that its reports are numbered one after another.
SELECT * FROM bot_status.bots WHERE intent_id = :intent_id FOR UPDATE;

-- name: set_bot(intent_id, day, state, detail, failure, media_ready, state_at, joined_at, left_at, failed_at, held_until, leave_wanted, missing_at, answered_at, observations, sequence, told, report_in, followed)!
-- Stores a bot after a step. One of which nothing more is wanted is not looked at any more.
UPDATE bot_status.bots
   SET day = :day,
       state = :state,
       detail = :detail,
       failure = :failure,
       media_ready = :media_ready,
       state_at = :state_at,
       joined_at = :joined_at,
       left_at = :left_at,
       failed_at = :failed_at,
       held_until = :held_until,
       leave_wanted = :leave_wanted,
       missing_at = :missing_at,
       answered_at = :answered_at,
       observations = :observations,
       sequence = :sequence,
       report_at = CASE WHEN :told THEN now() + :report_in::interval ELSE report_at END,
       changed_at = CASE WHEN :told THEN now() ELSE changed_at END,
       next_poll_at = CASE WHEN :followed THEN next_poll_at END
 WHERE intent_id = :intent_id;

-- name: fold_observation(intent_id, source, raw_status, state, message)$
-- Counts what is said once more in a row by the same source; returns nothing where something else is said.
UPDATE bot_status.observations
   SET times = times + 1,
       last_at = now()
 WHERE intent_id = :intent_id
   AND number = (
           SELECT max(number)
             FROM bot_status.observations
            WHERE intent_id = :intent_id
              AND source = :source)
   AND raw_status = :raw_status
   AND state IS NOT DISTINCT FROM :state
   AND message = :message
RETURNING number;

-- name: insert_observation(intent_id, number, owner, source, raw_status, state, message, sequence, verdict)!
-- Records what was said of a bot.
INSERT INTO bot_status.observations (
       intent_id, number, owner, source, raw_status, state, message, sequence, verdict)
VALUES (:intent_id, :number, :owner, :source, :raw_status, :state, :message, :sequence, :verdict);

-- name: delete_old_observations(intent_id, number)!
-- Forgets observations up to a number, so that a bot keeps a bounded number of them.
DELETE FROM bot_status.observations WHERE intent_id = :intent_id AND number <= :number;

-- name: list_observations(intent_id, most)
-- Returns the last observations of a bot, newest first.
SELECT * FROM bot_status.observations WHERE intent_id = :intent_id ORDER BY number DESC LIMIT :most;

-- name: claim_due(provider, lease, most)
-- Leases bots that are due for a look, the longest overdue first. Any number of processes may ask at once: none gets
-- what another has.
UPDATE bot_status.bots
   SET lease_until = now() + :lease::interval,
       lease_id = gen_random_uuid(),
       next_poll_at = now() + :lease::interval,
       hinted = false
  FROM (
           SELECT intent_id, hinted AS was_hinted
             FROM bot_status.bots
            WHERE next_poll_at <= now()
              AND provider = :provider
              AND (lease_until IS NULL OR lease_until < now())
            ORDER BY next_poll_at
            LIMIT :most
              FOR UPDATE SKIP LOCKED) AS due
 WHERE bots.intent_id = due.intent_id
RETURNING bots.*, due.was_hinted;

-- name: renew_lease(intent_id, lease_id, lease)!
-- Lengthens a lease that is still ours; a hint that came meanwhile stays due.
UPDATE bot_status.bots
   SET lease_until = now() + :lease::interval,
       next_poll_at = CASE WHEN hinted THEN next_poll_at ELSE now() + :lease::interval END
 WHERE intent_id = :intent_id
   AND lease_id = :lease_id
   AND next_poll_at IS NOT NULL;

-- name: release_lease(intent_id, lease_id, pause, failures)!
-- Ends a lease: the next look is after a pause, or at once where a hint came meanwhile. A bot of which nothing more
-- is wanted has lost its next look, and keeps none.
UPDATE bot_status.bots
   SET lease_until = NULL,
       lease_id = NULL,
       failures = :failures,
       next_poll_at = CASE
           WHEN next_poll_at IS NULL THEN NULL
           WHEN hinted THEN now()
           ELSE now() + :pause::interval
       END
 WHERE intent_id = :intent_id
   AND lease_id = :lease_id;

-- name: hint(provider, external)!
-- Has a bot looked at now, while it is looked at at all.
UPDATE bot_status.bots
   SET hinted = true,
       next_poll_at = now()
 WHERE provider = :provider
   AND external = :external
   AND next_poll_at IS NOT NULL;

-- name: insert_webhook(provider, key)$
-- Remembers a delivery; returns nothing where it was taken before.
INSERT INTO bot_status.webhooks (provider, key)
VALUES (:provider, :key)
    ON CONFLICT DO NOTHING
RETURNING key;

-- name: list_unreported(intent_ids)
-- Returns those of the bots whose last report the coordinator has not acknowledged.
SELECT *
  FROM bot_status.bots
 WHERE intent_id = ANY (:intent_ids::uuid[])
   AND report_at IS NOT NULL;

-- name: claim_unreported(pause, most)
-- Returns bots whose report is overdue, and puts their next try off, so that other processes leave them alone.
UPDATE bot_status.bots
   SET report_at = now() + :pause::interval
 WHERE intent_id IN (
           SELECT intent_id
             FROM bot_status.bots
            WHERE report_at <= now()
            ORDER BY report_at
            LIMIT :most
              FOR UPDATE SKIP LOCKED)
RETURNING *;

-- name: acknowledge(intent_ids, sequences, states, followed)!
-- Notes what the coordinator knows of bots, and where the public sees them; looks end where the outside no longer
-- moves a bot. Sorted by the lock that each needs; an older answer changes nothing that a newer one has said.
UPDATE bot_status.bots
   SET acked_sequence = judged.sequence,
       public_state = judged.state,
       report_at = CASE WHEN bots.sequence = judged.sequence THEN NULL ELSE bots.report_at END,
       next_poll_at = CASE WHEN judged.followed THEN bots.next_poll_at END
  FROM unnest(:intent_ids::uuid[], :sequences::bigint[], :states::text[], :followed::boolean[])
       AS judged (intent_id, sequence, state, followed)
 WHERE bots.intent_id = judged.intent_id
   AND bots.acked_sequence <= judged.sequence;

-- name: judge_observations(intent_ids, sequences, verdicts)!
-- Writes the coordinator's verdict to the observations that its report contained.
UPDATE bot_status.observations
   SET verdict = judged.verdict
  FROM unnest(:intent_ids::uuid[], :sequences::bigint[], :verdicts::text[])
       AS judged (intent_id, sequence, verdict)
 WHERE observations.intent_id = judged.intent_id
   AND observations.sequence <= judged.sequence
   AND observations.verdict IS NULL;

-- name: delete_old_webhooks(keep)!
-- Forgets deliveries that are too old to come again, some at a time.
DELETE FROM bot_status.webhooks
 WHERE (provider, key) IN (
           SELECT provider, key
             FROM bot_status.webhooks
            WHERE created_at < now() - :keep::interval
            LIMIT 1000);

-- name: delete_old_requests(keep)!
-- Forgets requests that are too old to be repeated, some at a time.
DELETE FROM bot_status.requests
 WHERE (owner, request_id) IN (
           SELECT owner, request_id
             FROM bot_status.requests
            WHERE created_at < now() - :keep::interval
            LIMIT 1000);

-- name: delete_old_bots(keep)!
-- Deletes bots that nothing has changed for long, some at a time; by the foreign keys their observations and media
-- go along.
DELETE FROM bot_status.bots
 WHERE intent_id IN (
           SELECT intent_id
             FROM bot_status.bots
            WHERE changed_at < now() - :keep::interval
            LIMIT 1000);
