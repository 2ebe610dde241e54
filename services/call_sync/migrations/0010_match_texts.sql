-- migrate:up

-- Returns all calls of an owner whose words match, likewise. By the index on words: the planner does not know that words
-- lie elsewhere than their row, and would read them all where many match.
CREATE FUNCTION call_sync.match_texts(asked_owner text, asked_words tsquery) RETURNS TABLE (call_id text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog
SET plan_cache_mode = force_custom_plan
SET enable_seqscan = off
SET enable_indexscan = off
SET work_mem = '32MB'
ROWS 10000
AS $$
    SELECT texts.call_id FROM call_sync.call_texts AS texts
     WHERE texts.words @@ (
               asked_words
               && ('''' || regexp_replace(call_sync.owner_word(asked_owner), '([''\\])', '\1\1', 'g') || '''')::tsquery
           )
       AND texts.owner = asked_owner
       AND (session_user LIKE '%\_system' OR current_setting('potok.owners', true) = '*'
            OR asked_owner = ANY (string_to_array(current_setting('potok.owners', true), ',')))
$$;

-- migrate:down
