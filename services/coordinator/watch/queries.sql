-- name: get_head()^
-- Where the log ends, what is deleted of it, and how often it has begun anew. There is one row.
SELECT revision, compacted, generation FROM coordinator.log_head;

-- name: get_epoch()$
-- Changes when the data directory, its timeline or the generation does.
SELECT system_identifier::text || ':' || left(pg_walfile_name(pg_current_wal_lsn()), 8) || ':' || generation
  FROM pg_control_system(), coordinator.log_head;

-- name: read_log(after, page_size)
-- A page of the log behind a revision, in order. Without the actor, which is in the body.
SELECT revision, owner, subject, body FROM coordinator.log WHERE revision > :after ORDER BY revision LIMIT :page_size;

-- name: notify(channel, payload)!
-- Tells other replicas that the log has more. A hint only: it may be lost, and they look by themselves too.
SELECT pg_notify(:channel, :payload);

-- name: snapshot_runs(everything, owners, run_ids, bot_ids)
-- The runs that a watch begins with: those under way or ended within 24 hours, and named ones at any age.
SELECT * FROM coordinator.runs
 WHERE run_id = ANY (:run_ids::uuid[]) OR bot_id = ANY (:bot_ids::text[])
    OR ((:everything::bool OR owner = ANY (:owners::text[]))
        AND (ended_at IS NULL OR ended_at > now() - interval '24 hours'))
 ORDER BY created_at, run_id;

-- name: snapshot_days(everything, owners, start_date, end_date)
-- The ledger days that a watch begins with, all stages.
SELECT * FROM coordinator.ledger
 WHERE (:everything::bool OR owner = ANY (:owners::text[])) AND day BETWEEN :start_date AND :end_date
 ORDER BY owner, stage, day;

-- name: snapshot_bots(everything, owners, bot_ids)
-- The bots that a watch begins with, by the same rule.
SELECT * FROM coordinator.bots
 WHERE bot_id = ANY (:bot_ids::text[])
    OR ((:everything::bool OR owner = ANY (:owners::text[]))
        AND (state NOT IN ('DONE', 'ERROR') OR changed_at > now() - interval '24 hours'))
 ORDER BY created_at, bot_id;

-- name: has_ended(run_id)$
-- Whether a run has ended, for who waits for that. No row where the run is unknown.
SELECT ended_at IS NOT NULL FROM coordinator.runs WHERE run_id = :run_id::uuid;

-- name: advance_epoch()$
-- Begins the log anew after a restore: no token of before is resumed.
UPDATE coordinator.log_head SET generation = generation + 1 RETURNING generation;

-- name: compact(retention)$
-- Raises the mark first: a reader that sees it raised never finds a hole, only less than it asked for.
UPDATE coordinator.log_head SET compacted = greatest(compacted, (
    SELECT coalesce(max(revision), 0) FROM coordinator.log WHERE at < now() - :retention::interval))
RETURNING compacted;

-- name: delete_compacted(batch)!
-- Deletes a batch of what lies behind the mark; small, so that it is no long transaction.
DELETE FROM coordinator.log WHERE revision IN (
    SELECT l.revision FROM coordinator.log l, coordinator.log_head h
     WHERE l.revision <= h.compacted ORDER BY l.revision LIMIT :batch);
