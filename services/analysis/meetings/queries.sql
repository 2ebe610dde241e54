-- name: get_meeting_analysis(owner, bot_id)$
-- Returns the analysis of a meeting as its protobuf message.
SELECT body
  FROM analysis.meeting_analyses
 WHERE owner = :owner
   AND bot_id = :bot_id;

-- name: store_meeting_analyses(execution, owners, bot_ids, bodies)!
-- Writes analyses over those of earlier executions, sorted, so that two writers lock rows in one order.
INSERT INTO analysis.meeting_analyses AS stored (owner, bot_id, execution, body)
SELECT written.owner, written.bot_id, :execution, written.body
  FROM unnest(:owners::text[], :bot_ids::text[], :bodies::bytea[]) AS written (owner, bot_id, body)
 ORDER BY written.owner, written.bot_id
    ON CONFLICT (owner, bot_id) DO UPDATE
   SET execution = excluded.execution,
       body = excluded.body,
       updated_at = now()
 WHERE stored.execution <= excluded.execution;

-- name: delete_meeting_analyses(owner, bot_ids)!
-- Forgets the analyses of meetings that are gone.
DELETE FROM analysis.meeting_analyses
 WHERE owner = :owner
   AND bot_id = ANY (:bot_ids::text[]);
