-- name: load_owners(owners)
-- Read before everything else of an owner: what is newer than its version makes the group fail, never pass.
SELECT owner, version FROM coordinator.owners WHERE owner = ANY (:owners::text[]);

-- name: load_runs(owners, executions)
-- The runs under way of each owner, and the runs of executions that are asked for by number.
SELECT * FROM coordinator.runs
 WHERE (owner = ANY (:owners::text[]) AND ended_at IS NULL)
    OR run_id IN (SELECT run_id FROM coordinator.executions WHERE execution = ANY (:executions::bigint[]));

-- name: list_executions(run_ids)
-- The executions of runs in their order, with the bot of a run of a meeting: its changes are kept under that bot.
SELECT e.*, r.bot_id FROM coordinator.executions e JOIN coordinator.runs r USING (run_id)
 WHERE run_id = ANY (:run_ids::uuid[]) ORDER BY execution;

-- name: load_earlier(owners, stages, count)
-- How long the last executions of each stage of owners took, the newest first: what their next ones are expected to take.
SELECT o.owner, s.stage, e.progress, e.created_at, e.ended_at
  FROM unnest(:owners::text[]) AS o(owner) CROSS JOIN unnest(:stages::text[]) AS s(stage)
 CROSS JOIN LATERAL (
    SELECT * FROM coordinator.executions e
     WHERE e.owner = o.owner AND e.stage = s.stage AND e.state IN ('SUCCEEDED', 'PARTIAL')
     ORDER BY e.execution DESC LIMIT :count::int
 ) e;

-- name: load_bots(bot_ids)
-- Bots by id, whosever they are: a report may name a bot of another owner, which the caller leaves out.
SELECT * FROM coordinator.bots WHERE bot_id = ANY (:bot_ids::text[]);

-- name: load_days(owners, days)
-- The ledger of some days, all stages of each owner at once: a step of a run looks at the stage before it too.
SELECT * FROM coordinator.ledger WHERE owner = ANY (:owners::text[]) AND day = ANY (:days::date[]);

-- name: owners_of(executions)
-- Whose executions these are. An unknown number is left out, and its reports are ILLEGAL.
SELECT execution, owner FROM coordinator.executions WHERE execution = ANY (:executions::bigint[]);

-- name: draw_numbers(count)
-- New execution numbers. Those of a group that fails are lost: numbers need to rise, not to be dense.
SELECT nextval('coordinator.execution_numbers') AS number FROM generate_series(1, :count::int);

-- name: write_run(run_id, owner, client_id, start_date, end_date, first_stage, last_stage, mode, state, stage, reason, message, retry_of, actor, settings, bot_id, created_at, cancelled_by, cancelling_at, ended_at)!
-- Writes a run, new or changed. What a start fixed is never written again.
INSERT INTO coordinator.runs (run_id, owner, client_id, start_date, end_date, first_stage, last_stage, mode, state,
                              stage, reason, message, retry_of, actor, settings, bot_id, created_at, cancelled_by,
                              cancelling_at, ended_at)
VALUES (:run_id, :owner, :client_id, :start_date, :end_date, :first_stage, :last_stage, :mode, :state,
        :stage, :reason, :message, :retry_of, :actor, :settings, :bot_id, :created_at, :cancelled_by,
        :cancelling_at, :ended_at)
ON CONFLICT (run_id) DO UPDATE
   SET state = excluded.state, stage = excluded.stage, reason = excluded.reason, message = excluded.message,
       cancelled_by = excluded.cancelled_by, cancelling_at = excluded.cancelling_at, ended_at = excluded.ended_at;

-- name: write_execution(execution, run_id, owner, stage, mode, state, sequence, progress, waiting, items_per_second, reason, message, unreachable, created_at, progressed_at, reported_at, expected_end_at, run_expected_end_at, cancelling_at, ended_at)!
-- Writes an execution, new or changed; the frequent change of a RUNNING one is part of commit_group instead.
INSERT INTO coordinator.executions (execution, run_id, owner, stage, mode, state, sequence, progress, waiting,
                                    items_per_second, reason, message, unreachable, created_at, progressed_at,
                                    reported_at, expected_end_at, run_expected_end_at, cancelling_at, ended_at)
VALUES (:execution, :run_id, :owner, :stage, :mode, :state, :sequence, :progress, :waiting,
        :items_per_second, :reason, :message, :unreachable, :created_at, :progressed_at,
        :reported_at, :expected_end_at, :run_expected_end_at, :cancelling_at, :ended_at)
ON CONFLICT (execution) DO UPDATE
   SET state = excluded.state, sequence = excluded.sequence, progress = excluded.progress, waiting = excluded.waiting,
       items_per_second = excluded.items_per_second, reason = excluded.reason, message = excluded.message,
       unreachable = excluded.unreachable, progressed_at = excluded.progressed_at,
       reported_at = excluded.reported_at, expected_end_at = excluded.expected_end_at,
       run_expected_end_at = excluded.run_expected_end_at,
       cancelling_at = excluded.cancelling_at, ended_at = excluded.ended_at;

-- name: insert_bot(bot_id, owner, state, detail, error_message, meet_url, bot_name, sequence, run_id, day, time_zone, language, created_at, changed_at, updated_at)!
-- Adds the record of a bot. An id that another owner has violates the key, which rejects the report.
INSERT INTO coordinator.bots (bot_id, owner, state, detail, error_message, meet_url, bot_name, sequence, run_id, day,
                              time_zone, language, created_at, changed_at, updated_at)
VALUES (:bot_id, :owner, :state, :detail, :error_message, :meet_url, :bot_name, :sequence, :run_id, :day,
        :time_zone, :language, :created_at, :changed_at, :updated_at);

-- name: update_bot(bot_id, state, detail, error_message, meet_url, bot_name, sequence, run_id, day, time_zone, language, changed_at, updated_at)!
-- Writes a known bot. Its owner is never written, since a report must not move a bot to another one.
UPDATE coordinator.bots
   SET state = :state, detail = :detail, error_message = :error_message, meet_url = :meet_url, bot_name = :bot_name,
       sequence = :sequence, run_id = :run_id, day = :day, time_zone = :time_zone, language = :language,
       changed_at = :changed_at, updated_at = :updated_at
 WHERE bot_id = :bot_id;

-- name: delete_bots(bot_ids)!
-- Deletes the records of bots whose time is over. Their changes stay in the log as long as any.
DELETE FROM coordinator.bots WHERE bot_id = ANY (:bot_ids::text[]);

-- name: add_delivery(execution, kind)!
-- Has the dispatcher tell a stage service something, at once even where an earlier try waits for its turn.
INSERT INTO coordinator.deliveries (execution, kind) VALUES (:execution, :kind)
ON CONFLICT (execution, kind) DO UPDATE SET next_at = now();

-- name: drop_delivery(execution, kind)!
-- Takes back what was to be told: it was accepted, or it is no longer true.
DELETE FROM coordinator.deliveries WHERE execution = :execution AND kind = :kind;

-- name: insert_request(caller, method, request_id, parameters, run_id)!
-- Remembers an accepted start for its repeats. After 24 hours the id is free, and the row is the new start's.
INSERT INTO coordinator.requests (caller, method, request_id, parameters, run_id)
VALUES (:caller, :method, :request_id, :parameters, :run_id)
ON CONFLICT (caller, method, request_id) DO UPDATE
   SET parameters = excluded.parameters, run_id = excluded.run_id, at = now()
 WHERE requests.at <= now() - interval '24 hours';

-- name: insert_audit_entries(owners, actors, actions, subjects, details, at)!
-- Keeps what people did beside what it changed.
INSERT INTO coordinator.audit_entries (owner, actor, action, subject, detail, at)
SELECT * FROM unnest(:owners::text[], :actors::text[], :actions::text[], :subjects::text[], :details::text[],
                     :at::timestamptz[]);

-- name: insert_rejected_reports(run_ids, owners, executions, sequences, states, verdicts, messages)!
-- Keeps reports that were not applied, for the people who look after the services.
INSERT INTO coordinator.rejected_reports (run_id, owner, execution, sequence, state, verdict, message)
SELECT * FROM unnest(:run_ids::uuid[], :owners::text[], :executions::bigint[], :sequences::bigint[], :states::text[],
                     :verdicts::text[], :messages::text[]);

-- name: insert_unknown_reports(executions, sequences, states)!
-- Keeps reports of executions that nobody knows: they are of no run.
INSERT INTO coordinator.rejected_reports (owner, execution, sequence, state, verdict, message)
SELECT '', execution, sequence, state, 'ILLEGAL', 'nobody knows the execution'
  FROM unnest(:executions::bigint[], :sequences::bigint[], :states::text[]) AS x(execution, sequence, state);

-- name: commit_group(owners, versions, executions, states, sequences, progress, waiting, rates, progressed_at, reported_at, expected_end_at, run_expected_end_at, day_owners, day_stages, days, day_versions, seen_versions, pending, processing, success, failed, skipped, available, input, output, permanent, merged, listed, covered_at, log_bodies, at, log_owners, log_topics, log_actors)$
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
           items_per_second = x.rate, progressed_at = x.progressed_at, reported_at = x.reported_at,
           expected_end_at = x.expected_end_at, run_expected_end_at = x.run_expected_end_at, unreachable = false
      FROM unnest(:executions::text::bigint[], string_to_array(:states, chr(31)), :sequences::text::bigint[],
                  :progress::bytea[], :waiting::bool[], :rates::float4[], :progressed_at::timestamptz[],
                  :reported_at::timestamptz[], :expected_end_at::timestamptz[], :run_expected_end_at::timestamptz[])
           AS x(execution, state, sequence, progress, waiting, rate, progressed_at, reported_at, expected_end_at,
                run_expected_end_at)
     WHERE e.execution = x.execution RETURNING 1
), counted AS (
    INSERT INTO coordinator.ledger (owner, stage, day, version, seen_version, pending, processing, success, failed,
                                    skipped, available, input, output, permanent, merged, listed, covered_at)
    SELECT * FROM unnest(string_to_array(:day_owners, chr(31)), string_to_array(:day_stages, chr(31)),
                         string_to_array(:days, chr(31))::date[], :day_versions::text::bigint[],
                         :seen_versions::text::bigint[], :pending::text::bigint[], :processing::text::bigint[], :success::text::bigint[],
                         :failed::text::bigint[], :skipped::text::bigint[], :available::text::bigint[],
                         :input::text::bigint[], :output::text::bigint[], :permanent::text::bigint[],
                         :merged::text::bigint[], :listed::text::bigint[],
                         :covered_at::timestamptz[])
    ON CONFLICT (owner, stage, day) DO UPDATE
       SET version = excluded.version, seen_version = excluded.seen_version, pending = excluded.pending,
           processing = excluded.processing, success = excluded.success, failed = excluded.failed,
           skipped = excluded.skipped, available = excluded.available, input = excluded.input,
           output = excluded.output, permanent = excluded.permanent, merged = excluded.merged,
           listed = excluded.listed, covered_at = excluded.covered_at
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
    SELECT head.revision - cardinality(:log_bodies) + x.position, x.owner, x.topic, x.body, x.actor, :at::timestamptz
      FROM head, unnest(string_to_array(:log_owners, chr(31)), string_to_array(:log_topics, chr(31)), :log_bodies,
                        string_to_array(:log_actors, chr(31)))
           WITH ORDINALITY AS x(owner, topic, body, actor, position)
)
SELECT revision FROM head;

-- name: heartbeat(executions, least)!
-- `least` keeps the writes apart: a row that was seen so lately stays as it is.
INSERT INTO coordinator.heartbeats (execution, seen_at)
SELECT e.execution, now() FROM coordinator.executions e WHERE e.execution = ANY (:executions::bigint[])
ON CONFLICT (execution) DO UPDATE SET seen_at = now() WHERE heartbeats.seen_at < now() - :least::interval;
