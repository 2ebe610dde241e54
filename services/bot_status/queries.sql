-- name: lock_request(owner, request_id)!
-- One request at a time: a second one waits here until the first has stored its wish.
SELECT pg_advisory_xact_lock(hashtextextended(:owner || ' ' || :request_id, 0));

-- name: get_request(owner, request_id, keep)^
SELECT requests.digest AS request_digest, bots.*
  FROM bot_status.requests
  JOIN bot_status.bots USING (intent_id)
 WHERE requests.owner = :owner
   AND requests.request_id = :request_id
   AND requests.created_at > now() - :keep::interval;

-- name: put_request(owner, request_id, digest, intent_id)!
INSERT INTO bot_status.requests (owner, request_id, digest, intent_id)
VALUES (:owner, :request_id, :digest, :intent_id)
    ON CONFLICT (owner, request_id) DO UPDATE
   SET digest = excluded.digest,
       intent_id = excluded.intent_id,
       created_at = now();

-- name: insert_bot(intent_id, owner, provider, phase, bot_id, meet_url, bot_name, language, time_zone, day, state, media_ready, sequence, report_in, lease)^
INSERT INTO bot_status.bots (
       intent_id, owner, provider, phase, bot_id, meet_url, bot_name, language, time_zone, day, state,
       media_ready, sequence, report_at, state_at, answered_at, lease_until)
VALUES (:intent_id, :owner, :provider, :phase, :bot_id, :meet_url, :bot_name, :language, :time_zone, :day, :state,
       :media_ready, :sequence, now() + :report_in::interval, now(), now(), now() + :lease::interval)
RETURNING *;

-- name: begin_bot(intent_id, bot_id, external, state, detail, report_in)^
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
UPDATE bot_status.bots
   SET phase = :phase,
       failure = :failure,
       lease_until = NULL,
       changed_at = now()
 WHERE intent_id = :intent_id
   AND phase IN ('INTENDED', 'DOUBTFUL');

-- name: forget_request(intent_id)!
DELETE FROM bot_status.requests WHERE intent_id = :intent_id;

-- name: claim_unresolved(provider, lease, most)
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
SELECT * FROM bot_status.bots WHERE bot_id = :bot_id;

-- name: lock_bot(intent_id)^
SELECT * FROM bot_status.bots WHERE intent_id = :intent_id FOR UPDATE;

-- name: set_bot(intent_id, day, state, detail, failure, media_ready, state_at, joined_at, left_at, failed_at, missing_at, answered_at, observations, sequence, told, report_in, followed)!
-- A bot of which nothing more is wanted is not looked at any more.
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
       missing_at = :missing_at,
       answered_at = :answered_at,
       observations = :observations,
       sequence = :sequence,
       report_at = CASE WHEN :told THEN now() + :report_in::interval ELSE report_at END,
       changed_at = CASE WHEN :told THEN now() ELSE changed_at END,
       next_poll_at = CASE WHEN :followed THEN next_poll_at END
 WHERE intent_id = :intent_id;

-- name: fold_observation(intent_id, source, raw_status, state, message)$
-- What is said again in a row by the same source is counted.
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
INSERT INTO bot_status.observations (
       intent_id, number, owner, source, raw_status, state, message, sequence, verdict)
VALUES (:intent_id, :number, :owner, :source, :raw_status, :state, :message, :sequence, :verdict);

-- name: delete_old_observations(intent_id, number)!
DELETE FROM bot_status.observations WHERE intent_id = :intent_id AND number <= :number;

-- name: list_observations(intent_id, most)
SELECT * FROM bot_status.observations WHERE intent_id = :intent_id ORDER BY number DESC LIMIT :most;

-- name: claim_due(provider, lease, most)
-- Any number of processes may ask at once: none gets what another has.
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
UPDATE bot_status.bots
   SET lease_until = now() + :lease::interval,
       next_poll_at = CASE WHEN hinted THEN next_poll_at ELSE now() + :lease::interval END
 WHERE intent_id = :intent_id
   AND lease_id = :lease_id
   AND next_poll_at IS NOT NULL;

-- name: release_lease(intent_id, lease_id, pause, failures)!
-- A bot of which nothing more is wanted has lost its next look, and keeps none.
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
UPDATE bot_status.bots
   SET hinted = true,
       next_poll_at = now()
 WHERE provider = :provider
   AND external = :external
   AND next_poll_at IS NOT NULL;

-- name: insert_webhook(provider, key)$
INSERT INTO bot_status.webhooks (provider, key)
VALUES (:provider, :key)
    ON CONFLICT DO NOTHING
RETURNING key;

-- name: list_unreported(intent_ids)
SELECT *
  FROM bot_status.bots
 WHERE intent_id = ANY (:intent_ids::uuid[])
   AND report_at IS NOT NULL;

-- name: claim_unreported(pause, most)
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
-- Sorted by the lock that each needs; an older answer changes nothing that a newer one has said.
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
UPDATE bot_status.observations
   SET verdict = judged.verdict
  FROM unnest(:intent_ids::uuid[], :sequences::bigint[], :verdicts::text[])
       AS judged (intent_id, sequence, verdict)
 WHERE observations.intent_id = judged.intent_id
   AND observations.sequence <= judged.sequence
   AND observations.verdict IS NULL;

-- name: insert_media(intent_id, owner, audio_url, text, sha256, size_bytes, content_type, file_name, speakers)$
-- The first one stays.
INSERT INTO bot_status.media (
       intent_id, owner, audio_url, text, recording_sha256, recording_size_bytes, recording_content_type,
       recording_file_name, speakers)
VALUES (:intent_id, :owner, :audio_url, :text, :sha256, :size_bytes, :content_type, :file_name,
       :speakers::jsonb)
    ON CONFLICT DO NOTHING
RETURNING intent_id;

-- name: get_meeting(bot_id)^
SELECT bots.*, media.audio_url, media.text, media.recording_sha256, media.recording_size_bytes,
       media.recording_content_type, media.recording_file_name, media.speakers
  FROM bot_status.bots
  JOIN bot_status.media USING (intent_id)
 WHERE bots.bot_id = :bot_id;

-- name: claim_fetch(intent_id, lease)$
UPDATE bot_status.media
   SET fetching_until = now() + :lease::interval
 WHERE intent_id = :intent_id
   AND recording_sha256 IS NULL
   AND (fetching_until IS NULL OR fetching_until < now())
RETURNING intent_id;

-- name: renew_fetch(intent_id, lease)!
UPDATE bot_status.media
   SET fetching_until = now() + :lease::interval
 WHERE intent_id = :intent_id
   AND recording_sha256 IS NULL;

-- name: release_fetch(intent_id)!
UPDATE bot_status.media SET fetching_until = NULL WHERE intent_id = :intent_id;

-- name: set_recording(intent_id, sha256, size_bytes, content_type, file_name)!
UPDATE bot_status.media
   SET recording_sha256 = :sha256,
       recording_size_bytes = :size_bytes,
       recording_content_type = :content_type,
       recording_file_name = :file_name,
       fetching_until = NULL
 WHERE intent_id = :intent_id
   AND recording_sha256 IS NULL;

-- name: delete_old_webhooks(keep)!
DELETE FROM bot_status.webhooks
 WHERE (provider, key) IN (
           SELECT provider, key
             FROM bot_status.webhooks
            WHERE created_at < now() - :keep::interval
            LIMIT 1000);

-- name: delete_old_requests(keep)!
DELETE FROM bot_status.requests
 WHERE (owner, request_id) IN (
           SELECT owner, request_id
             FROM bot_status.requests
            WHERE created_at < now() - :keep::interval
            LIMIT 1000);

-- name: delete_old_bots(keep)!
DELETE FROM bot_status.bots
 WHERE intent_id IN (
           SELECT intent_id
             FROM bot_status.bots
            WHERE changed_at < now() - :keep::interval
            LIMIT 1000);

-- name: register_recording(sha256, grace)!
-- One that is being deleted is waited for; it is stored anew after that.
INSERT INTO bot_status.recordings AS stored (sha256, look_at)
VALUES (:sha256, now() + :grace::interval)
    ON CONFLICT (sha256) DO UPDATE
   SET unused = false,
       look_at = excluded.look_at;

-- name: list_due_recordings(page_size)
SELECT sha256,
       unused,
       EXISTS (
           SELECT FROM bot_status.media WHERE media.recording_sha256 = recordings.sha256
       ) AS in_use
  FROM bot_status.recordings
 WHERE look_at <= now()
 ORDER BY look_at
 LIMIT :page_size
   FOR UPDATE SKIP LOCKED;

-- name: note_recordings(hashes, unused, grace)!
UPDATE bot_status.recordings
   SET unused = noted.unused,
       look_at = now() + :grace::interval
  FROM unnest(:hashes::text[], :unused::boolean[]) AS noted (sha256, unused)
 WHERE recordings.sha256 = noted.sha256;

-- name: delete_recordings(hashes)!
DELETE FROM bot_status.recordings WHERE sha256 = ANY (:hashes::text[]);
