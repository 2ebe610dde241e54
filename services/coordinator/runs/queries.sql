-- name: set_client(client_id, time_zone, source, playbook, language, min_success_ratio, weight)!
WITH owner AS (
    INSERT INTO coordinator.owners (owner) VALUES ('client:' || :client_id) ON CONFLICT DO NOTHING
)
INSERT INTO coordinator.clients (client_id, time_zone, source, playbook, language, min_success_ratio, weight)
VALUES (:client_id, :time_zone, :source, :playbook, :language, :min_success_ratio, :weight)
ON CONFLICT (client_id) DO UPDATE
   SET time_zone = excluded.time_zone, source = excluded.source, playbook = excluded.playbook,
       language = excluded.language, min_success_ratio = excluded.min_success_ratio, weight = excluded.weight,
       updated_at = now();

-- name: get_client(client_id)^
SELECT client_id, time_zone, source, playbook, language, min_success_ratio, weight
  FROM coordinator.clients WHERE client_id = :client_id;

-- name: list_clients(after, page_size)
SELECT client_id, time_zone, source, playbook, language, min_success_ratio, weight
  FROM coordinator.clients WHERE client_id > :after ORDER BY client_id LIMIT :page_size;

-- name: known_clients(client_ids)
SELECT client_id FROM coordinator.clients WHERE client_id = ANY (:client_ids::text[]);

-- name: get_runs(run_ids)
SELECT * FROM coordinator.runs WHERE run_id = ANY (:run_ids::uuid[]);

-- name: has_ended(run_id)$
SELECT ended_at IS NOT NULL FROM coordinator.runs WHERE run_id = :run_id::uuid;

-- name: list_runs(client_id, before_at, before_id, page_size)
SELECT * FROM coordinator.runs
 WHERE (:client_id::text = '' OR client_id = :client_id)
   AND (:before_at::timestamptz IS NULL OR (created_at, run_id) < (:before_at, :before_id::uuid))
 ORDER BY created_at DESC, run_id DESC LIMIT :page_size;

-- name: list_executions(run_ids)
SELECT e.*, r.bot_id FROM coordinator.executions e JOIN coordinator.runs r USING (run_id)
 WHERE run_id = ANY (:run_ids::uuid[]) ORDER BY execution;

-- name: find_request(caller, method, request_id)^
SELECT run_id, parameters FROM coordinator.requests
 WHERE caller = :caller AND method = :method AND request_id = :request_id AND at > now() - interval '24 hours';

-- name: list_rejected_reports(run_id, page_size)
SELECT execution, sequence, state, verdict, message, at FROM coordinator.rejected_reports
 WHERE run_id = :run_id ORDER BY id DESC LIMIT :page_size;

-- name: get_ledger(owner, stages, start_date, end_date)
-- Figures last, in the order of DayFigures.
SELECT stage, to_char(day, 'YYYY-MM-DD') AS day, covered_at IS NOT NULL AS covered,
       pending, processing, success, failed, skipped, available, input, output
  FROM coordinator.ledger
 WHERE owner = :owner AND stage = ANY (:stages::text[]) AND day BETWEEN :start_date AND :end_date
 ORDER BY day;

-- name: get_days(owner, start_date, end_date)
SELECT * FROM coordinator.ledger WHERE owner = :owner AND day BETWEEN :start_date AND :end_date;

-- name: active_stages(owner, start_date, end_date)
-- The stages under way for an owner over any of the days.
SELECT stage FROM coordinator.runs
 WHERE owner = :owner AND ended_at IS NULL AND start_date <= :end_date AND end_date >= :start_date;

-- name: load_owners(owners)
-- Read before everything else of an owner: what is newer than its version makes the group fail, never pass.
SELECT owner, version FROM coordinator.owners WHERE owner = ANY (:owners::text[]);

-- name: load_runs(owners, executions)
-- The runs under way of each owner, and the runs of executions that are asked for by number.
SELECT * FROM coordinator.runs
 WHERE (owner = ANY (:owners::text[]) AND ended_at IS NULL)
    OR run_id IN (SELECT run_id FROM coordinator.executions WHERE execution = ANY (:executions::bigint[]));

-- name: load_bots(bot_ids)
SELECT * FROM coordinator.bots WHERE bot_id = ANY (:bot_ids::text[]);

-- name: load_days(owners, days)
SELECT * FROM coordinator.ledger WHERE owner = ANY (:owners::text[]) AND day = ANY (:days::date[]);

-- name: owners_of(executions)
SELECT execution, owner FROM coordinator.executions WHERE execution = ANY (:executions::bigint[]);

-- name: draw_numbers(count)
SELECT nextval('coordinator.execution_numbers') AS number FROM generate_series(1, :count::int);

-- name: insert_request(caller, method, request_id, parameters, run_id)!
INSERT INTO coordinator.requests (caller, method, request_id, parameters, run_id)
VALUES (:caller, :method, :request_id, :parameters, :run_id)
ON CONFLICT (caller, method, request_id) DO UPDATE
   SET parameters = excluded.parameters, run_id = excluded.run_id, at = now()
 WHERE requests.at <= now() - interval '24 hours';

-- name: write_run(run_id, owner, client_id, start_date, end_date, first_stage, last_stage, mode, state, stage, reason, message, retry_of, actor, settings, bot_id, created_at, ended_at)!
INSERT INTO coordinator.runs (run_id, owner, client_id, start_date, end_date, first_stage, last_stage, mode, state,
                              stage, reason, message, retry_of, actor, settings, bot_id, created_at, ended_at)
VALUES (:run_id, :owner, :client_id, :start_date, :end_date, :first_stage, :last_stage, :mode, :state,
        :stage, :reason, :message, :retry_of, :actor, :settings, :bot_id, :created_at, :ended_at)
ON CONFLICT (run_id) DO UPDATE
   SET state = excluded.state, stage = excluded.stage, reason = excluded.reason, message = excluded.message,
       ended_at = excluded.ended_at;

-- name: write_execution(execution, run_id, owner, stage, mode, state, sequence, progress, waiting, items_per_second, reason, message, unreachable, created_at, progressed_at, cancelling_at, ended_at)!
INSERT INTO coordinator.executions (execution, run_id, owner, stage, mode, state, sequence, progress, waiting,
                                    items_per_second, reason, message, unreachable, created_at, progressed_at,
                                    cancelling_at, ended_at)
VALUES (:execution, :run_id, :owner, :stage, :mode, :state, :sequence, :progress, :waiting,
        :items_per_second, :reason, :message, :unreachable, :created_at, :progressed_at, :cancelling_at, :ended_at)
ON CONFLICT (execution) DO UPDATE
   SET state = excluded.state, sequence = excluded.sequence, progress = excluded.progress, waiting = excluded.waiting,
       items_per_second = excluded.items_per_second, reason = excluded.reason, message = excluded.message,
       unreachable = excluded.unreachable, progressed_at = excluded.progressed_at,
       cancelling_at = excluded.cancelling_at, ended_at = excluded.ended_at;

-- name: insert_bot(bot_id, owner, state, detail, error_message, meet_url, bot_name, sequence, run_id, day, time_zone, language, created_at, changed_at, updated_at)!
INSERT INTO coordinator.bots (bot_id, owner, state, detail, error_message, meet_url, bot_name, sequence, run_id, day,
                              time_zone, language, created_at, changed_at, updated_at)
VALUES (:bot_id, :owner, :state, :detail, :error_message, :meet_url, :bot_name, :sequence, :run_id, :day,
        :time_zone, :language, :created_at, :changed_at, :updated_at);

-- name: update_bot(bot_id, state, detail, error_message, meet_url, bot_name, sequence, run_id, day, time_zone, language, changed_at, updated_at)!
UPDATE coordinator.bots
   SET state = :state, detail = :detail, error_message = :error_message, meet_url = :meet_url, bot_name = :bot_name,
       sequence = :sequence, run_id = :run_id, day = :day, time_zone = :time_zone, language = :language,
       changed_at = :changed_at, updated_at = :updated_at
 WHERE bot_id = :bot_id;

-- name: delete_bots(bot_ids)!
DELETE FROM coordinator.bots WHERE bot_id = ANY (:bot_ids::text[]);

-- name: ensure_owners(owners)!
INSERT INTO coordinator.owners (owner) SELECT unnest(:owners::text[]) ON CONFLICT DO NOTHING;

-- name: owners_of_bots(bot_ids)
SELECT bot_id, owner FROM coordinator.bots WHERE bot_id = ANY (:bot_ids::text[]);

-- name: get_bot(bot_id)^
SELECT b.*, r.stage AS run_stage FROM coordinator.bots b LEFT JOIN coordinator.runs r USING (run_id)
 WHERE b.bot_id = :bot_id;

-- name: list_bots(states, before_at, before_id, page_size)
SELECT * FROM coordinator.bots
 WHERE (cardinality(:states::text[]) = 0 OR state = ANY (:states))
   AND (:before_at::timestamptz IS NULL OR (created_at, bot_id) < (:before_at, :before_id::text))
 ORDER BY created_at DESC, bot_id DESC LIMIT :page_size;

-- name: expired_bots(retention, count)
SELECT bot_id, owner, changed_at FROM coordinator.bots
 WHERE changed_at < now() - :retention::interval ORDER BY changed_at LIMIT :count;

-- name: add_delivery(execution, kind)!
INSERT INTO coordinator.deliveries (execution, kind) VALUES (:execution, :kind)
ON CONFLICT (execution, kind) DO UPDATE SET next_at = now();

-- name: drop_delivery(execution, kind)!
DELETE FROM coordinator.deliveries WHERE execution = :execution AND kind = :kind;

-- name: insert_rejected_reports(run_ids, owners, executions, sequences, states, verdicts, messages)!
INSERT INTO coordinator.rejected_reports (run_id, owner, execution, sequence, state, verdict, message)
SELECT * FROM unnest(:run_ids::uuid[], :owners::text[], :executions::bigint[], :sequences::bigint[], :states::text[],
                     :verdicts::text[], :messages::text[]);

-- name: commit_group(owners, versions, executions, states, sequences, progress, waiting, rates, progressed_at, day_owners, day_stages, days, day_versions, pending, processing, success, failed, skipped, available, input, output, covered_at, log_bodies, at, log_owners, log_subjects, log_actors)$
-- One round trip: owners are locked in order and must have the version that was read, state rows follow, the log head
-- comes last. Its lock is held until the commit, so revisions are dense and in commit order.
-- Texts come joined by a unit separator and numbers as array literals: that costs the driver less than their elements.
WITH locked AS (
    SELECT o.owner FROM coordinator.owners o
      JOIN unnest(string_to_array(:owners, chr(31)), :versions::text::bigint[]) AS x(owner, version)
     USING (owner, version)
     ORDER BY o.owner FOR NO KEY UPDATE OF o
), raised AS (
    UPDATE coordinator.owners o SET version = version + 1 FROM locked WHERE o.owner = locked.owner RETURNING 1
), executed AS (
    UPDATE coordinator.executions e
       SET state = x.state, sequence = x.sequence, progress = x.progress, waiting = x.waiting,
           items_per_second = x.rate, progressed_at = x.progressed_at, unreachable = false
      FROM unnest(:executions::text::bigint[], string_to_array(:states, chr(31)), :sequences::text::bigint[],
                  :progress::bytea[], :waiting::bool[], :rates::float4[], :progressed_at::timestamptz[])
           AS x(execution, state, sequence, progress, waiting, rate, progressed_at)
     WHERE e.execution = x.execution RETURNING 1
), counted AS (
    INSERT INTO coordinator.ledger (owner, stage, day, version, pending, processing, success, failed, skipped,
                                    available, input, output, covered_at)
    SELECT * FROM unnest(string_to_array(:day_owners, chr(31)), string_to_array(:day_stages, chr(31)),
                         string_to_array(:days, chr(31))::date[], :day_versions::text::bigint[],
                         :pending::text::bigint[], :processing::text::bigint[], :success::text::bigint[],
                         :failed::text::bigint[], :skipped::text::bigint[], :available::text::bigint[],
                         :input::text::bigint[], :output::text::bigint[], :covered_at::timestamptz[])
    ON CONFLICT (owner, stage, day) DO UPDATE
       SET version = excluded.version, pending = excluded.pending, processing = excluded.processing,
           success = excluded.success, failed = excluded.failed, skipped = excluded.skipped,
           available = excluded.available, input = excluded.input, output = excluded.output,
           covered_at = excluded.covered_at
    RETURNING 1
), checked AS (
    SELECT coordinator.must_hold(
        (SELECT count(*) FROM raised) = cardinality(:versions::text::bigint[])
        AND (SELECT count(*) FROM executed) = cardinality(:executions::text::bigint[])
        AND (SELECT count(*) FROM counted) = cardinality(:day_versions::text::bigint[])) AS ok
), head AS (
    UPDATE coordinator.log_head SET revision = revision + cardinality(:log_bodies::bytea[])
     WHERE (SELECT ok FROM checked) RETURNING revision
), logged AS (
    INSERT INTO coordinator.log (revision, owner, subject, body, actor, at)
    SELECT head.revision - cardinality(:log_bodies) + x.place, x.owner, x.subject, x.body, x.actor, :at::timestamptz
      FROM head, unnest(string_to_array(:log_owners, chr(31)), string_to_array(:log_subjects, chr(31)), :log_bodies,
                        string_to_array(:log_actors, chr(31)))
           WITH ORDINALITY AS x(owner, subject, body, actor, place)
)
SELECT revision FROM head;

-- name: get_head()^
SELECT revision, compacted, generation FROM coordinator.log_head;

-- name: get_epoch()$
-- Changes when the data directory, its timeline or the generation does.
SELECT system_identifier::text || ':' || left(pg_walfile_name(pg_current_wal_lsn()), 8) || ':' || generation
  FROM pg_control_system(), coordinator.log_head;

-- name: read_log(after, page_size)
SELECT revision, owner, subject, body FROM coordinator.log WHERE revision > :after ORDER BY revision LIMIT :page_size;

-- name: compact(retention)$
-- Raises the mark first: a reader that sees it raised never finds a hole, only less than it asked for.
UPDATE coordinator.log_head SET compacted = greatest(compacted, (
    SELECT coalesce(max(revision), 0) FROM coordinator.log WHERE at < now() - :retention::interval))
RETURNING compacted;

-- name: delete_compacted(batch)!
DELETE FROM coordinator.log WHERE revision IN (
    SELECT l.revision FROM coordinator.log l, coordinator.log_head h
     WHERE l.revision <= h.compacted ORDER BY l.revision LIMIT :batch);

-- name: advance_epoch()$
UPDATE coordinator.log_head SET generation = generation + 1 RETURNING generation;

-- name: notify(channel, payload)!
SELECT pg_notify(:channel, :payload);

-- name: snapshot_runs(everything, owners, run_ids, bot_ids)
SELECT * FROM coordinator.runs
 WHERE run_id = ANY (:run_ids::uuid[]) OR bot_id = ANY (:bot_ids::text[])
    OR ((:everything::bool OR owner = ANY (:owners::text[]))
        AND (ended_at IS NULL OR ended_at > now() - interval '24 hours'))
 ORDER BY created_at, run_id;

-- name: snapshot_bots(everything, owners, bot_ids)
SELECT * FROM coordinator.bots
 WHERE bot_id = ANY (:bot_ids::text[])
    OR ((:everything::bool OR owner = ANY (:owners::text[]))
        AND (state NOT IN ('DONE', 'ERROR') OR changed_at > now() - interval '24 hours'))
 ORDER BY created_at, bot_id;

-- name: snapshot_days(everything, owners, start_date, end_date)
SELECT * FROM coordinator.ledger
 WHERE (:everything::bool OR owner = ANY (:owners::text[])) AND day BETWEEN :start_date AND :end_date
 ORDER BY owner, stage, day;

-- name: heartbeat(executions, least)!
-- `least` keeps the writes apart: a row that was seen so lately stays as it is.
INSERT INTO coordinator.heartbeats (execution, seen_at)
SELECT e.execution, now() FROM coordinator.executions e WHERE e.execution = ANY (:executions::bigint[])
ON CONFLICT (execution) DO UPDATE SET seen_at = now() WHERE heartbeats.seen_at < now() - :least::interval;

-- name: claim_deliveries(count, lease)
UPDATE coordinator.deliveries d SET next_at = now() + :lease::interval, tries = tries + 1
 WHERE (execution, kind) IN (SELECT execution, kind FROM coordinator.deliveries WHERE next_at <= now()
                              ORDER BY next_at LIMIT :count FOR UPDATE SKIP LOCKED)
RETURNING execution, kind, tries;

-- name: delivery(execution)^
SELECT e.execution, e.stage, e.run_id, e.owner, e.mode, e.state, r.start_date, r.end_date, r.settings, r.bot_id
  FROM coordinator.executions e JOIN coordinator.runs r USING (run_id) WHERE e.execution = :execution;

-- name: delay_delivery(execution, kind, delay)!
UPDATE coordinator.deliveries SET next_at = now() + :delay::interval WHERE execution = :execution AND kind = :kind;

-- name: overdue(silent, stall_limit, progress_limit, wait_limit, cancel_grace)
-- Executions that something must happen to, by database time.
SELECT e.execution, e.owner,
       CASE
           WHEN e.state = 'CANCELLING' THEN 'CANCELLED'
           WHEN e.state = 'QUEUED' THEN 'UNREACHABLE'
           WHEN e.state = 'STALLED' THEN 'SILENT'
           WHEN h.seen_at IS NULL OR h.seen_at < now() - :silent::interval THEN 'STALLED'
           WHEN e.waiting THEN 'WAIT_LIMIT'
           ELSE 'NO_PROGRESS'
       END AS happening
  FROM coordinator.executions e LEFT JOIN coordinator.heartbeats h USING (execution)
 WHERE e.ended_at IS NULL
   AND CASE e.state
           WHEN 'CANCELLING' THEN e.cancelling_at < now() - :cancel_grace::interval
           WHEN 'QUEUED' THEN e.created_at < now() - :stall_limit::interval
           WHEN 'STALLED' THEN coalesce(h.seen_at, e.created_at) < now() - :stall_limit::interval
           ELSE coalesce(h.seen_at, e.created_at) < now() - :silent::interval
                OR (NOT e.waiting AND e.progressed_at < now() - :progress_limit::interval)
                OR (e.waiting AND e.progressed_at < now() - :wait_limit::interval)
       END;

-- name: try_lock(key)$
SELECT pg_try_advisory_xact_lock(:key);

-- name: delete_old_requests()!
DELETE FROM coordinator.requests WHERE at < now() - interval '24 hours';

-- name: delete_old_rejected_reports(keep)!
DELETE FROM coordinator.rejected_reports r USING (
    SELECT id, at, row_number() OVER (PARTITION BY run_id ORDER BY id DESC) AS place
      FROM coordinator.rejected_reports) o
 WHERE o.id = r.id AND (o.at < now() - interval '7 days' OR o.place > :keep);
