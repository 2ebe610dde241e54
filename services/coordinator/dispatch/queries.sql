-- name: claim_deliveries(count, lease)
-- Takes deliveries that are due by pushing their next try behind the lease: a replica that dies delivers nothing, and
-- they are due again. Replicas skip what another one is taking.
UPDATE coordinator.deliveries d SET next_at = now() + :lease::interval, tries = tries + 1
 WHERE (execution, kind) IN (SELECT execution, kind FROM coordinator.deliveries WHERE next_at <= now()
                              ORDER BY next_at LIMIT :count FOR UPDATE SKIP LOCKED)
RETURNING execution, kind, tries;

-- name: next_delivery()$
-- Returns how long it is until the next delivery is due, also one that another replica has under its lease.
SELECT greatest(min(next_at) - now(), interval '0') FROM coordinator.deliveries;

-- name: get_assignment(execution)^
-- Returns what the service of the stage is told of an execution; settings are those its run began with.
SELECT e.execution, e.stage, e.run_id, e.owner, e.mode, r.start_date, r.end_date, r.settings, r.bot_id
  FROM coordinator.executions e JOIN coordinator.runs r USING (run_id) WHERE e.execution = :execution;

-- name: delay_delivery(execution, kind, delay)!
-- Sets when a delivery that was not accepted is tried again.
UPDATE coordinator.deliveries SET next_at = now() + :delay::interval WHERE execution = :execution AND kind = :kind;

-- name: overdue(lock, silent, stall_limit, progress_limit, wait_limit, cancel_grace)
-- Returns executions that something must happen to, by the time of the database: clocks of replicas may differ. None
-- while another replica looks: the lock is held as long as the statement.
WITH turn AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(:lock) AS ours)
SELECT e.execution, e.owner, h.seen_at,
       CASE
           WHEN e.state = 'CANCELLING' THEN 'CANCELLED'
           WHEN e.state = 'QUEUED' THEN 'UNREACHABLE'
           WHEN e.state = 'STALLED' THEN 'SILENT'
           WHEN h.seen_at IS NULL OR h.seen_at < now() - :silent::interval THEN 'STALLED'
           WHEN e.waiting THEN 'WAIT_LIMIT'
           ELSE 'NO_PROGRESS'
       END AS happening
  FROM turn, coordinator.executions e LEFT JOIN coordinator.heartbeats h USING (execution)
 WHERE turn.ours AND e.ended_at IS NULL
   AND CASE e.state
           WHEN 'CANCELLING' THEN e.cancelling_at < now() - :cancel_grace::interval
           WHEN 'QUEUED' THEN e.created_at < now() - :stall_limit::interval
           WHEN 'STALLED' THEN coalesce(h.seen_at, e.created_at) < now() - :stall_limit::interval
           ELSE coalesce(h.seen_at, e.created_at) < now() - :silent::interval
                OR (NOT e.waiting AND e.progressed_at < now() - :progress_limit::interval)
                OR (e.waiting AND e.progressed_at < now() - :wait_limit::interval)
       END;
