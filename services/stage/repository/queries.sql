-- Items are found by their key. What else is compared there is written so that no other index fits, since the planner
-- cannot know how many items of an execution that has just begun are in which state: its number by IS NOT DISTINCT FROM,
-- PROCESSING by the lease that only such items have.

-- name: insert_execution(execution, stage, run_id, owner, bot_id, mode, start_date, end_date, settings)$
-- Stores an execution as RunStage names it; no row where the number is known, so that a repeated start begins nothing.
INSERT INTO executions (execution, stage, run_id, owner, bot_id, mode, start_date, end_date, settings, state)
VALUES (:execution, :stage, :run_id, :owner, :bot_id, :mode, :start_date, :end_date, :settings::text::jsonb,
        'DISPATCHED')
ON CONFLICT (execution) DO NOTHING
RETURNING execution;

-- name: insert_tombstone(execution)$
-- Remembers that an execution was cancelled before it came, so that its late start begins nothing; no row where it is known.
INSERT INTO executions (execution, state, ended_at, acked_at)
VALUES (:execution, 'CANCELLED', now(), now())
ON CONFLICT (execution) DO NOTHING
RETURNING execution;

-- name: report_again(execution)$
-- Makes the reporter tell an execution once more, and returns where it is; a tombstone has nothing to report.
UPDATE executions SET acked_at = CASE WHEN stage IS NULL THEN acked_at END
 WHERE execution = :execution
RETURNING state;

-- name: get_execution(execution)^
-- Returns an execution; tombstones have no stage, and are none.
SELECT * FROM executions WHERE execution = :execution AND stage IS NOT NULL;

-- name: begin_step(execution)^
-- Counts a start of discovery or finish and returns the execution; no row where it has ended or waits for a later time.
UPDATE executions SET state = 'RUNNING', tries = tries + 1, run_after = NULL
 WHERE execution = :execution AND state IN ('DISPATCHED', 'RUNNING') AND (run_after IS NULL OR run_after <= now())
RETURNING *;

-- name: spare_step(execution)!
-- Takes a start back that came to no end because the process stops, or the database is away.
UPDATE executions SET tries = tries - 1 WHERE execution = :execution AND tries > 0;

-- name: postpone_step(execution, wait, until_at, longest)!
-- Lets a step begin again at a time that its source named, `longest` from now at the latest; this start does not count.
UPDATE executions
   SET tries = tries - 1, wait_reason = :wait, run_after = least(:until_at, now() + :longest::interval)
 WHERE execution = :execution AND state IN ('DISPATCHED', 'RUNNING');

-- name: state_wait(execution, wait, until_at)!
-- States what an execution that goes on waits for, and until when.
UPDATE executions SET wait_reason = :wait, run_after = :until_at
 WHERE execution = :execution AND state IN ('DISPATCHED', 'RUNNING');

-- name: end_wait(execution)!
-- Takes the stated wait back, once discovery has found something.
UPDATE executions SET wait_reason = NULL, run_after = NULL WHERE execution = :execution AND wait_reason IS NOT NULL;

-- name: lock_open_executions(executions)
-- Returns those that are open, locked so that none of them ends before the commit; reports can be numbered meanwhile.
SELECT execution, discovered FROM executions
 WHERE execution = ANY (:executions::bigint[]) AND state IN ('DISPATCHED', 'RUNNING')
 ORDER BY execution
   FOR KEY SHARE;

-- name: lock_execution(execution)^
-- Returns an execution, once every transaction that adds, claims or ends items of it has committed.
SELECT * FROM executions WHERE execution = :execution FOR UPDATE;

-- name: list_open_executions(executions)
-- Returns those that are open, without a lock: a process looks by it for work that it should drop.
SELECT execution FROM executions
 WHERE execution = ANY (:executions::bigint[]) AND state IN ('DISPATCHED', 'RUNNING');

-- name: list_undiscovered()
-- Returns the open executions that have items to discover and wait for no later time.
SELECT execution, stage FROM executions
 WHERE acked_at IS NULL AND state IN ('DISPATCHED', 'RUNNING') AND NOT discovered
   AND (run_after IS NULL OR run_after <= now());

-- name: list_finished(executions)
-- Returns the open executions that have no open item and wait for no later time: of those given, or of all for null.
SELECT e.execution, e.stage FROM executions e
 WHERE e.acked_at IS NULL AND e.state = 'RUNNING' AND e.discovered AND (e.run_after IS NULL OR e.run_after <= now())
   AND (:executions::bigint[] IS NULL OR e.execution = ANY (:executions::bigint[]))
   AND NOT EXISTS (
       SELECT FROM items i WHERE i.execution = e.execution AND i.state IN ('PENDING', 'PROCESSING')
   );

-- name: end_execution(execution, state, reason, message)!
-- Writes how an execution ended; its row is locked by the caller.
UPDATE executions
   SET state = :state, reason = :reason, message = :message, wait_reason = NULL, run_after = NULL, ended_at = now()
 WHERE execution = :execution;

-- name: fail_open_items(execution, reason, message)!
-- Fails the items that an ended execution leaves open, so that nobody claims them any more.
UPDATE items
   SET state = 'FAILED', reason = :reason, message = :message, wait_reason = NULL,
       run_after = NULL, lease_until = NULL, updated_at = now()
 WHERE execution = :execution AND state IN ('PENDING', 'PROCESSING');

-- name: count_by_state(execution)
-- Counts the items of an execution by their state: whether it has ended, and how.
SELECT state, count(*) AS count FROM items WHERE execution = :execution GROUP BY state;

-- name: cover_days(stage, owner, start_date, end_date)!
-- Notes for each day of a range that all its items were known once: items that come later are new there.
INSERT INTO days (stage, owner, day, covered_at)
SELECT :stage, :owner, day::date, now()
  FROM generate_series(:start_date::date, :end_date::date, interval '1 day') AS day
 ORDER BY day
ON CONFLICT (stage, owner, day) DO UPDATE SET covered_at = EXCLUDED.covered_at;

-- name: note_listed(stage, owner, start_date, end_date, days, counts)!
-- Notes how many items the source has of each day of a range.
INSERT INTO days (stage, owner, day, listed)
SELECT :stage, :owner, named::date, coalesce(counted.count, 0)
  FROM generate_series(:start_date::date, :end_date::date, interval '1 day') AS named
  LEFT JOIN unnest(:days::date[], :counts::bigint[]) AS counted (day, count) ON counted.day = named::date
 ORDER BY named
ON CONFLICT (stage, owner, day) DO UPDATE SET listed = EXCLUDED.listed;

-- name: list_covered_days(stage, owner, start_date, end_date)
-- Returns the days of a range that have been covered.
SELECT day FROM days
 WHERE stage = :stage AND owner = :owner AND day BETWEEN :start_date AND :end_date AND covered_at IS NOT NULL;

-- name: list_known_items(stage, owner, item_ids)
-- Returns what is stored of items that discovery lists, locked in one order, so that two discoveries cannot deadlock.
SELECT item_id, day, execution, state, reason, input, seen FROM items
 WHERE stage = :stage AND owner = :owner AND item_id = ANY (:item_ids::text[])
 ORDER BY item_id
   FOR UPDATE;

-- name: get_known_items(stage, owner, item_ids)
-- Returns the same without a lock, for a preview.
SELECT item_id, day, execution, state, reason, input, seen FROM items
 WHERE stage = :stage AND owner = :owner AND item_id = ANY (:item_ids::text[]);

-- name: take_items(stage, owner, execution, item_ids, days, upstreams, durations, job_ids)!
-- Makes items an execution's, as new; those of a newer execution are left alone.
INSERT INTO items (stage, owner, execution, seen, item_id, day, upstream, duration_seconds, job_id)
SELECT :stage, :owner, :execution, :execution, f.item_id, f.day, f.upstream, f.duration_seconds, f.job_id
  FROM unnest(:item_ids::text[], :days::date[], :upstreams::bigint[], :durations::float8[], :job_ids::bigint[])
       AS f (item_id, day, upstream, duration_seconds, job_id)
 ORDER BY f.item_id
ON CONFLICT (stage, owner, item_id) DO UPDATE
   SET execution = EXCLUDED.execution, attempt = 0, spared = 0, postponed = 0, state = 'PENDING', reason = NULL,
       message = '', wait_reason = NULL, day = EXCLUDED.day, upstream = EXCLUDED.upstream, seen = EXCLUDED.seen,
       duration_seconds = EXCLUDED.duration_seconds, run_after = NULL, lease_until = NULL,
       job_id = EXCLUDED.job_id, updated_at = now()
 WHERE items.execution < EXCLUDED.execution;

-- name: see_items(stage, owner, execution, item_ids, days, upstreams, durations)!
-- Notes that discovery has listed items which stay as they are. One that moved to another day keeps its state there; one
-- that is being worked on keeps the input it was taken with.
UPDATE items
   SET seen = :execution, duration_seconds = f.duration_seconds,
       day = CASE WHEN items.execution < :execution THEN f.day ELSE items.day END,
       upstream = CASE WHEN items.state IN ('PENDING', 'PROCESSING') THEN items.upstream ELSE f.upstream END
  FROM unnest(:item_ids::text[], :days::date[], :upstreams::bigint[], :durations::float8[])
       AS f (item_id, day, upstream, duration_seconds)
 WHERE items.stage = :stage AND items.owner = :owner AND items.item_id = f.item_id AND items.seen < :execution;

-- name: add_unchanged(execution, unchanged, failed)!
-- Counts the items that an execution found and left alone, and those among them that have failed before.
UPDATE executions SET unchanged = unchanged + :unchanged, unchanged_failed = unchanged_failed + :failed
 WHERE execution = :execution;

-- name: remove_items(stage, owner, start_date, end_date, execution, bot_id)
-- Deletes what discovery did not list, for it is gone upstream, unless a newer execution knows better; returns the ids. The
-- discovery of a bot lists no item but its own. Of calls it is noted that they are gone, for those who keep copies.
WITH gone AS (
    DELETE FROM items
     WHERE stage = :stage AND owner = :owner AND day BETWEEN :start_date AND :end_date
       AND (:bot_id = '' OR item_id = :bot_id)
       AND seen < :execution AND execution <= :execution
    RETURNING stage, owner, item_id
), noted AS (
    INSERT INTO removed_items (stage, owner, item_id)
    SELECT stage, owner, item_id FROM gone WHERE owner LIKE 'client:%' ORDER BY item_id
    ON CONFLICT (stage, owner, item_id) DO UPDATE
       SET changed_in = EXCLUDED.changed_in, removed_at = EXCLUDED.removed_at
)
SELECT item_id FROM gone;

-- name: prune_removed_items(keep, page_size)
-- Forgets items that were removed long ago, the oldest first.
DELETE FROM removed_items
 WHERE (stage, owner, item_id) IN (
       SELECT stage, owner, item_id FROM removed_items
        WHERE removed_at < now() - :keep::interval
        ORDER BY removed_at
        LIMIT :page_size)
RETURNING item_id;

-- name: end_discovery(execution)!
-- Notes that every item of an execution is known; the tries of its finish are counted from none.
UPDATE executions SET discovered = true, tries = 0, wait_reason = NULL WHERE execution = :execution;

-- name: claim_items(stage, owner, execution, item_ids, lease)
-- Takes due items under a lease and returns them with their new attempt; none where the execution has ended.
WITH open AS MATERIALIZED (
    SELECT e.execution FROM executions e
     WHERE e.execution = :execution AND e.state IN ('DISPATCHED', 'RUNNING')
       FOR KEY SHARE
)
UPDATE items
   SET state = 'PROCESSING', attempt = attempt + 1, lease_until = now() + :lease::interval,
       run_after = NULL, wait_reason = NULL, updated_at = now()
  FROM open
 WHERE items.stage = :stage AND items.owner = :owner AND items.item_id = ANY (:item_ids::text[])
   AND items.execution IS NOT DISTINCT FROM open.execution AND items.state = 'PENDING'
   AND (items.run_after IS NULL OR items.run_after <= now())
RETURNING items.item_id, items.day, items.attempt, items.spared, items.postponed;

-- name: end_items(stages, owners, executions, item_ids, attempts, states, reasons, messages, waits, delays, consumed, postponed)
-- Writes what became of items whose fence holds, and returns their positions in the arrays.
UPDATE items
   SET state = o.state, reason = o.reason, message = o.message, wait_reason = o.wait,
       run_after = now() + o.delay, lease_until = NULL,
       spared = items.spared + o.postponed::int, postponed = items.postponed + o.postponed::int,
       input = CASE WHEN o.consumed THEN items.upstream ELSE items.input END,
       output = CASE o.state WHEN 'SUCCESS' THEN items.execution WHEN 'SKIPPED' THEN 0 ELSE items.output END,
       updated_at = now()
  FROM unnest(:stages::text[], :owners::text[], :executions::bigint[], :item_ids::text[], :attempts::int[],
              :states::text[], :reasons::text[], :messages::text[], :waits::text[], :delays::interval[],
              :consumed::bool[], :postponed::bool[]) WITH ORDINALITY
       AS o (stage, owner, execution, item_id, attempt, state, reason, message, wait, delay, consumed, postponed,
             position)
 WHERE items.stage = o.stage AND items.owner = o.owner AND items.item_id = o.item_id
   AND items.execution IS NOT DISTINCT FROM o.execution AND items.attempt = o.attempt AND items.lease_until IS NOT NULL
RETURNING (o.position - 1)::int AS position;

-- name: claim_skipped(stage, pause, age, page_size)
-- Takes skipped items whose next look is due, those first that have waited longest, and sets the look after it. The raised
-- attempt fences off whoever looked before.
WITH due AS (
    SELECT stage, owner, item_id FROM items
     WHERE stage = :stage AND state = 'SKIPPED' AND run_after <= now()
     ORDER BY run_after
     LIMIT :page_size
       FOR UPDATE SKIP LOCKED
)
UPDATE items SET attempt = attempt + 1, run_after = now() + :pause::interval
  FROM due
 WHERE items.stage = due.stage AND items.owner = due.owner AND items.item_id = due.item_id
RETURNING items.execution, items.item_id, items.day, items.attempt,
          items.created_at <= now() - :age::interval AS last;

-- name: end_skipped(stage, owner, execution, item_id, attempt, state, reason, message)$
-- Writes what became of a skipped item; no row where its fence does not hold.
UPDATE items
   SET state = :state, reason = :reason, message = :message, run_after = NULL, input = upstream,
       output = CASE :state WHEN 'SUCCESS' THEN execution ELSE output END, updated_at = now()
 WHERE stage = :stage AND owner = :owner AND item_id = :item_id
   AND execution = :execution AND attempt = :attempt AND state = 'SKIPPED'
RETURNING true;

-- name: release_items(stage, owner, execution, item_ids, attempts)!
-- Gives claimed items back as if they had not been tried, where their fence holds.
UPDATE items SET state = 'PENDING', spared = spared + 1, lease_until = NULL, updated_at = now()
  FROM unnest(:item_ids::text[], :attempts::int[]) AS f (item_id, attempt)
 WHERE items.stage = :stage AND items.owner = :owner AND items.item_id = f.item_id
   AND items.execution IS NOT DISTINCT FROM :execution AND items.attempt = f.attempt AND items.lease_until IS NOT NULL;

-- name: renew_leases(stages, owners, executions, item_ids, attempts, leases)
-- Holds claims for another lease, and returns those whose fence holds.
UPDATE items SET lease_until = now() + f.lease
  FROM unnest(:stages::text[], :owners::text[], :executions::bigint[], :item_ids::text[], :attempts::int[],
              :leases::interval[])
       AS f (stage, owner, execution, item_id, attempt, lease)
 WHERE items.stage = f.stage AND items.owner = f.owner AND items.item_id = f.item_id
   AND items.execution IS NOT DISTINCT FROM f.execution AND items.attempt = f.attempt AND items.lease_until IS NOT NULL
RETURNING items.execution, items.item_id, items.attempt;

-- name: list_expired(stage, page_size)
-- Returns items whose lease has run out: the process that held them is dead or frozen.
SELECT execution, owner, item_id FROM items
 WHERE stage = :stage AND state = 'PROCESSING' AND lease_until < now()
 ORDER BY execution, item_id
 LIMIT :page_size;

-- name: take_back_items(stage, owner, execution, item_ids, attempts, backoff, message)
-- Makes items whose lease has run out PENDING, or FAILED after the last attempt. What killed its worker comes back at a
-- time of its own, so that it takes no other item down again.
UPDATE items
   SET state = CASE WHEN attempt - spared < :attempts THEN 'PENDING' ELSE 'FAILED' END,
       reason = CASE WHEN attempt - spared < :attempts THEN NULL ELSE 'WORKER_DIED' END,
       message = CASE WHEN attempt - spared < :attempts THEN '' ELSE :message END,
       run_after = CASE WHEN attempt - spared < :attempts THEN now() + :backoff::interval * random() END,
       lease_until = NULL, updated_at = now()
 WHERE stage = :stage AND owner = :owner AND execution IS NOT DISTINCT FROM :execution AND item_id = ANY (:item_ids::text[])
   AND state = 'PROCESSING' AND lease_until < now()
RETURNING item_id, day, run_after - now() AS delay;

-- name: set_jobs(stage, owner, execution, item_ids, job_ids)!
-- Notes the job that each pending item waits for.
UPDATE items SET job_id = f.job_id
  FROM unnest(:item_ids::text[], :job_ids::bigint[]) AS f (item_id, job_id)
 WHERE items.stage = :stage AND items.owner = :owner AND items.item_id = f.item_id
   AND items.execution IS NOT DISTINCT FROM :execution AND items.state = 'PENDING';

-- name: list_lost_items(stage, page_size)
-- Returns due items that no job is queued for, locked; those that another process has locked are left to it.
SELECT i.execution, i.owner, i.item_id FROM items i
  JOIN executions e ON e.execution = i.execution AND e.state IN ('DISPATCHED', 'RUNNING')
 WHERE i.stage = :stage AND i.state = 'PENDING' AND (i.run_after IS NULL OR i.run_after <= now())
   AND NOT EXISTS (SELECT FROM pgqueuer j WHERE j.id = i.job_id)
 ORDER BY i.execution, i.item_id
 LIMIT :page_size
   FOR UPDATE OF i SKIP LOCKED;

-- name: list_items(stage, owner, start_date, end_date, states, available, execution, after_day, after_item, page_size)
-- Returns a page of items by day and id, after a day and id. An empty array of states selects all, execution 0 any.
SELECT * FROM items
 WHERE stage = :stage AND owner = :owner AND day BETWEEN :start_date AND :end_date
   AND (day, item_id) > (:after_day::date, :after_item::text)
   AND (cardinality(:states::text[]) = 0 OR state = ANY (:states::text[]))
   AND (output > 0 OR NOT :available::bool)
   AND (:execution::bigint = 0 OR execution = :execution::bigint)
 ORDER BY day, item_id
 LIMIT :page_size;

-- name: get_complete_until(stage)^
-- Returns until when everything that was committed is listed by list_item_changes from then on, and the number that the
-- next transaction would have at the most. What is held back by a transaction that is open began to count at its
-- `updated_at` at the earliest.
SELECT least(
           now(),
           (SELECT min(updated_at) FROM items
             WHERE stage = :stage AND owner LIKE 'client:%'
               AND changed_in >= pg_snapshot_xmin(pg_current_snapshot())),
           (SELECT min(removed_at) FROM removed_items
             WHERE stage = :stage AND changed_in >= pg_snapshot_xmin(pg_current_snapshot()))
       ) AS complete_until,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS newest;

-- name: list_item_changes(stage, after_change, after_owner, after_item, page_size)
-- Returns items of calls by the transactions that changed them last, after a position, and those that are gone. A
-- transaction counts once no open one has a lower number, so that none can appear before a position.
SELECT changed_in::text::bigint AS change, changed.*
  FROM (
      (SELECT changed_in, owner, item_id, false AS removed, day, state, reason, message, execution, attempt, output,
              run_after, updated_at, duration_seconds
         FROM items
        WHERE stage = :stage AND owner LIKE 'client:%'
          AND changed_in < pg_snapshot_xmin(pg_current_snapshot())
          AND (changed_in, owner, item_id) > (:after_change::bigint::text::xid8, :after_owner::text, :after_item::text)
        ORDER BY changed_in, owner, item_id
        LIMIT :page_size)
      UNION ALL
      (SELECT changed_in, owner, item_id, true, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
         FROM removed_items AS gone
        WHERE stage = :stage
          AND changed_in < pg_snapshot_xmin(pg_current_snapshot())
          AND (changed_in, owner, item_id) > (:after_change::bigint::text::xid8, :after_owner::text, :after_item::text)
          AND NOT EXISTS (
              SELECT FROM items
               WHERE items.stage = gone.stage AND items.owner = gone.owner AND items.item_id = gone.item_id
          )
        ORDER BY changed_in, owner, item_id
        LIMIT :page_size)
  ) AS changed
 ORDER BY changed_in, owner, item_id
 LIMIT :page_size;

-- name: list_reportable()
-- Returns the open executions, and the ended ones that the coordinator has not acknowledged.
SELECT execution, ended_at IS NULL AS open FROM executions WHERE acked_at IS NULL ORDER BY execution;

-- name: draw_sequences(executions)
-- Numbers reports. The rows are locked in one order: what is read under the lock is never older than its sequence says.
WITH locked AS (
    SELECT execution FROM executions
     WHERE execution = ANY (:executions::bigint[]) AND stage IS NOT NULL
     ORDER BY execution
       FOR NO KEY UPDATE
)
UPDATE executions e SET sequence = e.sequence + 1
  FROM locked WHERE e.execution = locked.execution
RETURNING e.*;

-- name: draw_versions(stages, owners, days)
-- Numbers the counts of days, likewise under locks in one order; a day without a row gets one.
INSERT INTO days (stage, owner, day, version)
SELECT stage, owner, day, 1
  FROM unnest(:stages::text[], :owners::text[], :days::date[]) AS d (stage, owner, day)
 ORDER BY stage COLLATE "C", owner COLLATE "C", day
ON CONFLICT (stage, owner, day) DO UPDATE SET version = days.version + 1
RETURNING stage, owner, day, version, listed;

-- name: count_items(executions)
-- Counts the items of executions by state, reason and wait, with those that wait for a time and when the first is due,
-- and how long their calls are: of so many as state it.
SELECT execution, state, reason, wait_reason, count(*) AS count, count(duration_seconds) AS lengths,
       coalesce(sum(duration_seconds), 0) AS length,
       count(run_after) FILTER (WHERE state = 'PENDING' AND run_after > now()) AS waiting, min(run_after) AS until_at
  FROM items
 WHERE execution = ANY (:executions::bigint[])
 GROUP BY execution, state, reason, wait_reason;

-- name: list_at_work(executions)
-- Returns the items of each execution that workers hold, at most 16, those first that are held longest: their rows have
-- not changed since they were claimed, but for their leases.
SELECT w.* FROM unnest(:executions::bigint[]) AS e (execution)
 CROSS JOIN LATERAL (
    SELECT i.execution, i.item_id, i.updated_at, i.duration_seconds FROM items i
     WHERE i.execution = e.execution AND i.state = 'PROCESSING'
     ORDER BY i.updated_at, i.item_id
     LIMIT 16
 ) w;

-- name: list_last_failures(executions, undone)
-- Returns the five failures of each execution that came last; what its end left undone is none.
SELECT f.* FROM unnest(:executions::bigint[]) AS e (execution)
 CROSS JOIN LATERAL (
    SELECT i.execution, i.item_id, i.reason, i.message FROM items i
     WHERE i.execution = e.execution AND i.state = 'FAILED' AND i.reason <> ALL (:undone::text[])
     ORDER BY i.updated_at DESC, i.item_id
     LIMIT 5
 ) f;

-- name: count_days(stages, owners, days, undone, retryable)
-- Counts the items of days, whichever execution touched them. What an ended execution left undone is pending. A result that is older than its input, as discovery saw
-- that, holds the day's input down until it is made anew.
SELECT d.stage, d.owner, d.day,
       count(*) FILTER (WHERE i.state = 'PENDING' OR i.state = 'FAILED' AND i.reason = ANY (:undone::text[])) AS pending,
       count(*) FILTER (WHERE i.state = 'PROCESSING') AS processing,
       count(*) FILTER (WHERE i.state = 'SUCCESS') AS success,
       count(*) FILTER (WHERE i.state = 'FAILED' AND i.reason <> ALL (:undone::text[])) AS failed,
       count(*) FILTER (WHERE i.state = 'SKIPPED') AS skipped,
       count(*) FILTER (WHERE i.state = 'SKIPPED' AND i.reason = 'MERGED') AS merged,
       count(*) FILTER (WHERE i.output > 0) AS available,
       coalesce(min(i.input) FILTER (WHERE i.input > 0 AND i.upstream > i.input), max(i.input), 0) AS input,
       coalesce(max(i.output), 0) AS output,
       count(*) FILTER (WHERE i.state = 'FAILED' AND i.reason <> ALL (:retryable::text[])) AS permanent
  FROM unnest(:stages::text[], :owners::text[], :days::date[]) AS d (stage, owner, day)
  LEFT JOIN items i ON i.stage = d.stage AND i.owner = d.owner AND i.day = d.day
 GROUP BY d.stage, d.owner, d.day;

-- name: ack_ended(executions)!
-- Notes that the coordinator knows how executions ended.
UPDATE executions SET acked_at = now()
 WHERE execution = ANY (:executions::bigint[]) AND ended_at IS NOT NULL AND acked_at IS NULL;

-- name: delete_executions(keep, page_size)
-- Deletes executions that ended long ago and are no item's fence, the oldest first.
DELETE FROM executions
 WHERE execution IN (
       SELECT e.execution FROM executions e
        WHERE e.acked_at IS NOT NULL AND e.ended_at < now() - :keep::interval
          AND NOT EXISTS (SELECT FROM items i WHERE i.execution = e.execution)
        ORDER BY e.ended_at
        LIMIT :page_size)
RETURNING execution;

-- name: get_queue_tail(entrypoint, owner)^
-- Returns the virtual times of the next job to be taken and of the owner's last one: priorities are their negatives.
SELECT (SELECT -priority FROM pgqueuer
         WHERE status = 'queued' AND entrypoint = :entrypoint AND execute_after <= now()
         ORDER BY priority DESC, id LIMIT 1) AS front,
       (SELECT max(-priority) FROM pgqueuer
         WHERE status = 'queued' AND entrypoint = :entrypoint AND headers ->> 'owner' = :owner) AS own;

-- name: take_turn(pause)$
-- Takes one turn of all processes in so long; a process that dies or freezes in its turn holds nothing.
INSERT INTO reconciler (next_turn_at) VALUES (now() + :pause::interval)
ON CONFLICT (only_row) DO UPDATE SET next_turn_at = EXCLUDED.next_turn_at WHERE reconciler.next_turn_at <= now()
RETURNING true;

-- name: notify(channel)!
-- Tells who listens that jobs were committed.
SELECT pg_notify(:channel, '');

-- name: list_due(entrypoints, heartbeat)
-- Returns in how many seconds the first job of each entrypoint can be taken, by one look into an index for each.
SELECT name AS entrypoint, extract(epoch FROM min(at) - now())::float8 AS seconds
  FROM unnest(:entrypoints::text[]) AS name,
       LATERAL (
           SELECT min(execute_after) AS at FROM pgqueuer WHERE entrypoint = name AND status = 'queued'
           UNION ALL
           SELECT min(heartbeat) + :heartbeat::interval FROM pgqueuer WHERE entrypoint = name AND status = 'picked'
       ) AS jobs
 GROUP BY name
HAVING min(at) IS NOT NULL;

-- name: prune_job_log(keep, page_size)!
-- Deletes the oldest lines of the log of jobs, which nothing reads but people.
DELETE FROM pgqueuer_log
 WHERE id IN (SELECT id FROM pgqueuer_log WHERE created < now() - :keep::interval ORDER BY created LIMIT :page_size);
