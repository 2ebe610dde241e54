-- name: get_meeting_analysis(owner, bot_id)$
SELECT body
  FROM analysis.meeting_analyses
 WHERE owner = :owner
   AND bot_id = :bot_id;

-- name: store_meeting_analyses(execution, owners, bot_ids, bodies)!
-- Sorted, so that two writers lock rows in one order.
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
DELETE FROM analysis.meeting_analyses
 WHERE owner = :owner
   AND bot_id = ANY (:bot_ids::text[]);
