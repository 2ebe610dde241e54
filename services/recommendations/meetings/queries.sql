-- name: get_meeting_tasks(owner, bot_id)$
-- Returns the tasks of a meeting, as their protobuf message.
SELECT body
  FROM recommendations.meeting_tasks
 WHERE owner = :owner
   AND bot_id = :bot_id;

-- name: store_meeting_tasks(execution, owners, bot_ids, bodies)!
-- Writes tasks in place of earlier ones of the same meetings; those of a later execution stay. Sorted, so that two
-- writers lock rows in one order.
INSERT INTO recommendations.meeting_tasks AS stored (owner, bot_id, execution, body)
SELECT written.owner, written.bot_id, :execution, written.body
  FROM unnest(:owners::text[], :bot_ids::text[], :bodies::bytea[]) AS written (owner, bot_id, body)
 ORDER BY written.owner, written.bot_id
    ON CONFLICT (owner, bot_id) DO UPDATE
   SET execution = excluded.execution,
       body = excluded.body,
       updated_at = now()
 WHERE stored.execution <= excluded.execution;

-- name: delete_meeting_tasks(owner, bot_ids)!
-- Deletes the tasks of meetings that are gone.
DELETE FROM recommendations.meeting_tasks
 WHERE owner = :owner
   AND bot_id = ANY (:bot_ids::text[]);
