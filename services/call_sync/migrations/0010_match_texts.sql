-- migrate:up

-- Returns all calls of an owner whose words match; none where the reader may not see them. By the index on words: the
-- planner does not know that words lie elsewhere than their row, and would read them all where many match.
CREATE FUNCTION call_sync.match_texts(asked_owner text, asked_words tsquery)
RETURNS TABLE (call_id text, started_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog
SET plan_cache_mode = force_custom_plan
SET enable_seqscan = off
SET enable_indexscan = off
SET work_mem = '32MB'
ROWS 10000
AS $$
    SELECT texts.call_id, texts.started_at FROM call_sync.call_texts AS texts
     WHERE texts.words @@ (
               asked_words
               && ('''' || regexp_replace(call_sync.owner_word(asked_owner), '([''\\])', '\1\1', 'g') || '''')::tsquery
           )
       AND texts.owner = asked_owner
       AND (session_user LIKE '%\_system' OR current_setting('potok.owners', true) = '*'
            OR asked_owner = ANY (string_to_array(current_setting('potok.owners', true), ',')))
$$;

-- Returns the same, the latest first, before a position, at most so many. The latest texts are read first, since words
-- that many calls have are found there; where they do not fill the answer, the index on words knows all.
CREATE FUNCTION call_sync.find_texts(
    asked_owner text, asked_words tsquery, before_at timestamptz, before_id text, most bigint
) RETURNS TABLE (call_id text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog
SET plan_cache_mode = force_custom_plan
ROWS 500
AS $$
DECLARE
    latest text[];
BEGIN
    latest := ARRAY(
        SELECT texts.call_id
          FROM (SELECT * FROM call_sync.call_texts AS texts
                 WHERE texts.owner = asked_owner
                   AND (before_at IS NULL OR (texts.started_at, texts.call_id) < (before_at, before_id))
                   AND (session_user LIKE '%\_system' OR current_setting('potok.owners', true) = '*'
                        OR asked_owner = ANY (string_to_array(current_setting('potok.owners', true), ',')))
                 ORDER BY texts.started_at DESC, texts.call_id DESC
                 LIMIT greatest(1000, 4 * most)) AS texts
         WHERE texts.words @@ asked_words
         ORDER BY texts.started_at DESC, texts.call_id DESC
         LIMIT most);
    IF cardinality(latest) = most THEN
        RETURN QUERY SELECT unnest(latest);
    ELSE
        RETURN QUERY
        SELECT found.call_id FROM call_sync.match_texts(asked_owner, asked_words) AS found
         WHERE before_at IS NULL OR (found.started_at, found.call_id) < (before_at, before_id)
         ORDER BY found.started_at DESC, found.call_id DESC
         LIMIT most;
    END IF;
END
$$;

-- migrate:down
