-- name: ensure_owners(owners)!
-- Adds owners that have no version yet: users get theirs with their first bot.
INSERT INTO coordinator.owners (owner) SELECT unnest(:owners::text[]) ON CONFLICT DO NOTHING;

-- name: owners_of_bots(bot_ids)
-- Returns whose the bots are, of those that exist, so that a foreign one is refused rather than not found.
SELECT bot_id, owner FROM coordinator.bots WHERE bot_id = ANY (:bot_ids::text[]);

-- name: get_bot(bot_id)^
-- Returns a bot with the stage that the run of its meeting is in: from it follows whether there is an analysis.
SELECT b.*, r.stage AS run_stage FROM coordinator.bots b LEFT JOIN coordinator.runs r USING (run_id)
 WHERE b.bot_id = :bot_id;

-- name: list_bots(states, before_at, before_id, page_size)
-- Returns a page of bots in any of the states, newest first; no states are all.
SELECT * FROM coordinator.bots
 WHERE (cardinality(:states::text[]) = 0 OR state = ANY (:states))
   AND (:before_at::timestamptz IS NULL OR (created_at, bot_id) < (:before_at, :before_id::text))
 ORDER BY created_at DESC, bot_id DESC LIMIT :page_size;

-- name: expired_bots(retention, count)
-- Returns bots whose state has not changed for so long, by the time of the database, the oldest first.
SELECT * FROM coordinator.bots
 WHERE changed_at < now() - :retention::interval ORDER BY changed_at LIMIT :count;
