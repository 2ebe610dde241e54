-- name: insert_audit_entry(owner, actor, action, subject, detail, at)!
-- Keeps who did something, in the transaction of what was done.
INSERT INTO call_sync.audit_entries (owner, actor, action, subject, detail, at)
VALUES (:owner, :actor, :action, :subject, :detail, :at);

-- name: lock_hearing(owner, actor, call_id)^
-- Lets one at a time ask whether a hearing is kept, until the end of the transaction.
SELECT pg_advisory_xact_lock(hashtextextended(:owner || '/' || :actor || '/' || :call_id, 0));

-- name: keep_hearing(owner, actor, call_id, at, since)!
-- Keeps that somebody hears a call, unless the same is kept since a time.
INSERT INTO call_sync.audit_entries (owner, actor, action, subject, detail, at)
SELECT :owner, :actor, 'HEAR_RECORDING', :call_id, '', :at
 WHERE NOT EXISTS (
           SELECT FROM call_sync.audit_entries
            WHERE owner = :owner
              AND subject = :call_id
              AND actor = :actor
              AND action = 'HEAR_RECORDING'
              AND at > :since);

-- name: list_audit_entries(owner, before, page_size)
-- Returns a page of what was done to what an owner has, newest first; accounts are of no owner.
SELECT *
  FROM call_sync.audit_entries
 WHERE owner = :owner
   AND (:before::bigint IS NULL OR number < :before)
 ORDER BY number DESC
 LIMIT :page_size;
