-- name: set_client(client_id, time_zone, source, playbook, language, min_success_ratio, weight, left_incoming, left_outgoing)^
-- Stores a client, new or known, and returns its row as it is then.
WITH owner AS (
    INSERT INTO coordinator.owners (owner) VALUES ('client:' || :client_id) ON CONFLICT DO NOTHING
)
INSERT INTO coordinator.clients (
       client_id, time_zone, source, playbook, language, min_success_ratio, weight, left_incoming, left_outgoing)
VALUES (:client_id, :time_zone, :source, :playbook, :language, :min_success_ratio, :weight,
        :left_incoming, :left_outgoing)
ON CONFLICT (client_id) DO UPDATE
   SET time_zone = excluded.time_zone, source = excluded.source, playbook = excluded.playbook,
       language = excluded.language, min_success_ratio = excluded.min_success_ratio, weight = excluded.weight,
       left_incoming = excluded.left_incoming, left_outgoing = excluded.left_outgoing,
       updated_at = now()
RETURNING *;

-- name: get_client(client_id)^
-- Returns a client.
SELECT * FROM coordinator.clients WHERE client_id = :client_id;

-- name: list_clients(after, page_size)
-- Returns a page of clients by id; the empty text lies before the first.
SELECT * FROM coordinator.clients WHERE client_id > :after ORDER BY client_id LIMIT :page_size;

-- name: known_clients(client_ids)
-- Returns those of the clients that exist, and that the reader may see.
SELECT client_id FROM coordinator.clients WHERE client_id = ANY (:client_ids::text[]);

-- name: get_runs(run_ids)
-- Returns runs by id; those that the reader may not see are left out, as if they did not exist.
SELECT * FROM coordinator.runs WHERE run_id = ANY (:run_ids::uuid[]);

-- name: list_runs(client_id, before_at, before_id, page_size)
-- Returns a page of runs, newest first, of all clients where none is named.
SELECT * FROM coordinator.runs
 WHERE (:client_id::text = '' OR client_id = :client_id)
   AND (:before_at::timestamptz IS NULL OR (created_at, run_id) < (:before_at, :before_id::uuid))
 ORDER BY created_at DESC, run_id DESC LIMIT :page_size;

-- name: list_audit_entries(owner, subject, before, page_size)
-- Returns a page of what people did, newest first; no owner and no subject are all.
SELECT * FROM coordinator.audit_entries
 WHERE (:owner::text = '' OR owner = :owner) AND (:subject::text = '' OR subject = :subject)
   AND (:before::bigint IS NULL OR number < :before)
 ORDER BY number DESC LIMIT :page_size;

-- name: find_request(caller, method, request_id)^
-- Returns the run that a request id of a caller has started, for as long as it is kept against repeats.
SELECT run_id, parameters FROM coordinator.requests
 WHERE caller = :caller AND method = :method AND request_id = :request_id AND at > now() - interval '24 hours';

-- name: list_rejected_reports(run_id, page_size)
-- Returns the newest rejected reports of a run; without one, of executions that nobody knows.
SELECT execution, sequence, state, verdict, message, at FROM coordinator.rejected_reports
 WHERE run_id IS NOT DISTINCT FROM :run_id::uuid ORDER BY id DESC LIMIT :page_size;

-- name: get_ledger(owner, stages, start_date, end_date)
-- Returns the days that are known of some stages over a range; their figures come last, in the order of DayFigures.
SELECT stage, to_char(day, 'YYYY-MM-DD') AS day, covered_at IS NOT NULL AS covered,
       pending, processing, success, failed, skipped, available, input, output, permanent, merged, listed
  FROM coordinator.ledger
 WHERE owner = :owner AND stage = ANY (:stages::text[]) AND day BETWEEN :start_date AND :end_date
 ORDER BY day;

-- name: get_days(owner, start_date, end_date)
-- Returns the days that are known of every stage over a range, whole, as a start is judged by them.
SELECT * FROM coordinator.ledger WHERE owner = :owner AND day BETWEEN :start_date AND :end_date;

-- name: active_stages(owner, start_date, end_date)
-- Returns the stages under way for an owner over any of the days.
SELECT stage FROM coordinator.runs
 WHERE owner = :owner AND ended_at IS NULL AND start_date <= :end_date AND end_date >= :start_date;

-- name: has_ended(owner, stage, start_date, end_date)$
-- Whether a run over all of the days has ended in a stage, or after it, however it ended; null where none has.
SELECT true FROM coordinator.executions e JOIN coordinator.runs r USING (run_id)
 WHERE r.owner = :owner AND r.start_date <= :start_date AND r.end_date >= :end_date
   AND e.stage = :stage AND e.ended_at IS NOT NULL
 LIMIT 1;

-- name: delete_old_requests()!
-- Forgets starts that are no longer kept against repeats.
DELETE FROM coordinator.requests WHERE at < now() - interval '24 hours';

-- name: delete_old_rejected_reports(keep)!
-- Deletes rejected reports after a week, and all but the newest of a run: a service at fault may send them without end.
DELETE FROM coordinator.rejected_reports r USING (
    SELECT id, at, row_number() OVER (PARTITION BY run_id ORDER BY id DESC) AS position
      FROM coordinator.rejected_reports) o
 WHERE o.id = r.id AND (o.at < now() - interval '7 days' OR o.position > :keep);
