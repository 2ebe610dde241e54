-- name: plan_afresh()!
-- Has the statements of a transaction planned for the values they are given: which filter is set decides the way.
SELECT set_config('plan_cache_mode', 'force_custom_plan', true);

-- name: join_by_hash()!
-- Has the next statements compare what words find with what a filter means once, and not each with each: the planner
-- takes a range of days for a few calls.
SELECT set_config('enable_nestloop', 'off', true);

-- name: get_as_of()$
-- Returns when all was copied that the stages had then; null before that.
SELECT CASE WHEN bool_and(as_of IS NOT NULL) THEN min(as_of) END FROM call_sync.copied_stages;

-- name: list_calls(owner, from_date, to_date, employee, direction, answered, recorded, name, digits, whole, min_seconds, max_seconds, stages, call_type, outcome, sentiment, min_score, max_score, before_at, before_id, page_size)
-- Returns calls before a position, the latest first.
SELECT *
  FROM call_sync.select_calls(
           :owner, :from_date, :to_date, :employee, :direction, :answered, :recorded, :name, :digits, :whole,
           :min_seconds, :max_seconds, :stages, :call_type, :outcome, :sentiment, :min_score, :max_score)
 WHERE :before_at::timestamptz IS NULL OR (started_at, call_id) < (:before_at, :before_id::text)
 ORDER BY started_at DESC, call_id DESC
 LIMIT :page_size;

-- name: count_calls(owner, from_date, to_date, employee, direction, answered, recorded, name, digits, whole, min_seconds, max_seconds, stages, call_type, outcome, sentiment, min_score, max_score)$
-- Counts the calls that a filter means.
SELECT count(*)
  FROM call_sync.select_calls(
           :owner, :from_date, :to_date, :employee, :direction, :answered, :recorded, :name, :digits, :whole,
           :min_seconds, :max_seconds, :stages, :call_type, :outcome, :sentiment, :min_score, :max_score);

-- name: get_call(owner, call_id)^
-- Returns a call.
SELECT * FROM call_sync.calls WHERE owner = :owner AND call_id = :call_id;

-- name: list_stages(owner, call_ids)
-- Returns where calls are in each stage that knows them.
SELECT * FROM call_sync.call_stages WHERE owner = :owner AND call_id = ANY (:call_ids::text[]);

-- name: read_query(query)^
-- Returns what people wrote as a query for words, and the part of it that has to be in a text, empty or T for none.
SELECT parsed::text AS words, querytree(parsed) AS needed
  FROM websearch_to_tsquery('russian', :query) AS parsed;

-- name: search_calls(words, owner, before_at, before_id, page_size)
-- Returns calls before a position in which words were said, the latest first.
SELECT calls.*
  FROM (SELECT call_id FROM call_sync.find_texts(:owner, :words::text::tsquery, :before_at, :before_id, :page_size)
         LIMIT :page_size) AS found
  JOIN call_sync.calls ON calls.owner = :owner AND calls.call_id = found.call_id
 ORDER BY calls.started_at DESC, calls.call_id DESC;

-- name: search_latest_calls(words, most, owner, from_date, to_date, employee, direction, answered, recorded, name, digits, whole, min_seconds, max_seconds, stages, call_type, outcome, sentiment, min_score, max_score, before_at, before_id, page_size)
-- Returns those of the latest calls with the words, at most so many, that a filter means: all there are of a full page.
SELECT calls.*
  FROM (SELECT call_id FROM call_sync.find_texts(:owner, :words::text::tsquery, :before_at, :before_id, :most)
         LIMIT :most) AS found
  JOIN call_sync.select_calls(
           :owner, :from_date, :to_date, :employee, :direction, :answered, :recorded, :name, :digits, :whole,
           :min_seconds, :max_seconds, :stages, :call_type, :outcome, :sentiment, :min_score, :max_score) AS calls
       ON calls.call_id = found.call_id
 ORDER BY calls.started_at DESC, calls.call_id DESC
 LIMIT :page_size;

-- name: search_selected_calls(words, owner, from_date, to_date, employee, direction, answered, recorded, name, digits, whole, min_seconds, max_seconds, stages, call_type, outcome, sentiment, min_score, max_score, before_at, before_id, page_size)
-- Returns calls that a filter means, before a position, in which words were said, the latest first.
SELECT calls.*
  FROM call_sync.match_texts(:owner, :words::text::tsquery) AS found
  JOIN call_sync.select_calls(
           :owner, :from_date, :to_date, :employee, :direction, :answered, :recorded, :name, :digits, :whole,
           :min_seconds, :max_seconds, :stages, :call_type, :outcome, :sentiment, :min_score, :max_score) AS calls
       ON calls.call_id = found.call_id
 WHERE :before_at::timestamptz IS NULL OR (calls.started_at, calls.call_id) < (:before_at, :before_id::text)
 ORDER BY calls.started_at DESC, calls.call_id DESC
 LIMIT :page_size;

-- name: list_passages(owner, call_ids, phrases, words, most)
-- Returns the first turns of calls in which a phrase or word was said, marked by controls, which no text has; `total` is
-- how many there are. Where a phrase goes over several turns, those with its words. What looks like a tag is none.
WITH said AS (
    SELECT texts.call_id, turn.*, to_tsvector('russian', translate(turn.text, '<>&', '   ')) AS vector
      FROM call_sync.call_texts AS texts,
           unnest(texts.texts, texts.speakers, texts.begins, texts.ends)
           WITH ORDINALITY AS turn (text, speaker, begins, ends, position)
     WHERE texts.owner = :owner AND texts.call_id = ANY (:call_ids::text[])
), matched AS (
    SELECT said.*, vector @@ :phrases::text::tsquery AS whole
      FROM said
     WHERE vector @@ :words::text::tsquery
), judged AS (
    SELECT matched.*, bool_or(whole) OVER (PARTITION BY call_id) AS some_whole FROM matched
), numbered AS (
    SELECT judged.*, row_number() OVER (PARTITION BY call_id ORDER BY position) AS number,
           count(*) OVER (PARTITION BY call_id) AS total
      FROM judged
     WHERE whole OR NOT some_whole
)
SELECT call_id, position - 1 AS index, speaker, begins, ends, total,
       ts_headline(
           'russian', translate(text, '<>&', chr(1) || chr(2) || chr(3)), :words::text::tsquery,
           'HighlightAll=true, StartSel="' || chr(4) || '", StopSel="' || chr(5) || '"') AS marked
  FROM numbered
 WHERE number <= :most
 ORDER BY call_id, number;

-- name: get_call_facets(owner, start_date, end_date)
-- Counts the calls of days, in all and by each of four columns; `by` says by which.
SELECT CASE GROUPING(employee, call_type, outcome, sentiment)
           WHEN 7 THEN 'employee' WHEN 11 THEN 'call_type' WHEN 13 THEN 'outcome' WHEN 14 THEN 'sentiment' ELSE 'all'
       END AS by,
       coalesce(employee, call_type, outcome, sentiment, '') AS value,
       count(*) AS calls
  FROM call_sync.calls
 WHERE owner = :owner AND day BETWEEN :start_date AND :end_date
   AND started_at >= :start_date::date - interval '1 day' AND started_at < :end_date::date + interval '2 days'
 GROUP BY GROUPING SETS ((), (employee), (call_type), (outcome), (sentiment))
 ORDER BY calls DESC, value;

-- name: take_turn(stage, longest)^
-- Takes the next turn of all processes to copy a stage and returns how far that is; no row where it is not due.
UPDATE call_sync.copied_stages SET turn_at = now() + :longest::interval
 WHERE stage = :stage AND turn_at <= now()
RETURNING cursor;

-- name: end_turn(stage, pause, as_of)!
-- Lets the next turn be due after a pause, and notes what the stage had when all that it had then is copied.
UPDATE call_sync.copied_stages
   SET turn_at = now() + :pause::interval, as_of = coalesce(:as_of, as_of)
 WHERE stage = :stage;

-- name: move_cursor(stage, cursor, next_cursor)$
-- Moves a cursor on; no row where somebody else has moved it.
UPDATE call_sync.copied_stages SET cursor = :next_cursor
 WHERE stage = :stage AND cursor = :cursor
RETURNING true;

-- name: lock_calls(owners, call_ids)
-- Locks those calls that there are, in one order.
SELECT calls.call_id
  FROM call_sync.calls
  JOIN unnest(:owners::text[], :call_ids::text[]) AS asked (owner, call_id) USING (owner, call_id)
 ORDER BY calls.owner, calls.call_id
   FOR NO KEY UPDATE OF calls;

-- name: upsert_stages(stage, owners, call_ids, states, reasons, messages, outputs, updated_at)!
-- Copies where calls are in a stage.
INSERT INTO call_sync.call_stages AS known (owner, call_id, stage, state, reason, message, output, updated_at)
SELECT owner, call_id, :stage, state, reason, message, output, updated_at
  FROM unnest(:owners::text[], :call_ids::text[], :states::text[], :reasons::text[], :messages::text[],
              :outputs::bigint[], :updated_at::timestamptz[])
       AS changed (owner, call_id, state, reason, message, output, updated_at)
 ORDER BY owner, call_id
    ON CONFLICT (owner, call_id, stage) DO UPDATE
   SET state = excluded.state, reason = excluded.reason, message = excluded.message, output = excluded.output,
       updated_at = excluded.updated_at;

-- name: delete_stages(stage, owners, call_ids)!
-- Forgets where calls were in a stage that has them no more.
DELETE FROM call_sync.call_stages
 USING unnest(:owners::text[], :call_ids::text[]) AS gone (owner, call_id)
 WHERE call_stages.owner = gone.owner AND call_stages.call_id = gone.call_id AND call_stages.stage = :stage;

-- name: note_due(owners, call_ids)!
-- Notes of calls which results are to be copied: those that there are, and that are not the ones copied last.
UPDATE call_sync.call_stages AS known
   SET due = held.due
  FROM (SELECT stages.owner, stages.call_id, stages.stage,
               stages.output > 0 AND calls.call_id IS NOT NULL
               AND stages.output <> CASE stages.stage WHEN 'TRANSCRIPTION' THEN calls.text_output
                                                      ELSE calls.findings_output END AS due
          FROM call_sync.call_stages AS stages
          JOIN unnest(:owners::text[], :call_ids::text[]) AS asked (owner, call_id) USING (owner, call_id)
          LEFT JOIN call_sync.calls USING (owner, call_id)
         WHERE stages.stage IN ('TRANSCRIPTION', 'ANALYSIS')) AS held
 WHERE known.owner = held.owner AND known.call_id = held.call_id AND known.stage = held.stage
   AND known.due <> held.due;

-- name: refresh_calls(owners, call_ids)!
-- Writes into calls where they are in all stages, and takes out what came of results that are gone.
UPDATE call_sync.calls
   SET stages = held.stages,
       text_output = CASE WHEN held.text THEN text_output ELSE 0 END,
       heard_language = CASE WHEN held.text THEN heard_language ELSE '' END,
       findings_output = CASE WHEN held.findings THEN findings_output ELSE 0 END,
       call_type = CASE WHEN held.findings THEN call_type ELSE '' END,
       outcome = CASE WHEN held.findings THEN outcome ELSE '' END,
       sentiment = CASE WHEN held.findings THEN sentiment ELSE '' END,
       score = CASE WHEN held.findings THEN score END
  FROM (SELECT asked.owner, asked.call_id,
               coalesce(array_agg(known.stage || ' ' || known.state ORDER BY known.stage)
                            FILTER (WHERE known.stage IS NOT NULL), '{}') AS stages,
               coalesce(bool_or(known.stage = 'TRANSCRIPTION' AND known.output > 0), false) AS text,
               coalesce(bool_or(known.stage = 'ANALYSIS' AND known.output > 0), false) AS findings
          FROM unnest(:owners::text[], :call_ids::text[]) AS asked (owner, call_id)
          LEFT JOIN call_sync.call_stages AS known USING (owner, call_id)
         GROUP BY asked.owner, asked.call_id) AS held
 WHERE calls.owner = held.owner AND calls.call_id = held.call_id;

-- name: delete_lost_texts(owners, call_ids)!
-- Forgets what was said in calls that have no transcript any more.
DELETE FROM call_sync.call_texts AS texts
 USING unnest(:owners::text[], :call_ids::text[]) AS asked (owner, call_id)
 WHERE texts.owner = asked.owner AND texts.call_id = asked.call_id
   AND NOT EXISTS (
       SELECT FROM call_sync.call_stages AS known
        WHERE known.owner = texts.owner AND known.call_id = texts.call_id
          AND known.stage = 'TRANSCRIPTION' AND known.output > 0
   );

-- name: restart_stage(stage, cursor)$
-- Begins a stage again, of which nothing is known then; no row where somebody else has moved it.
UPDATE call_sync.copied_stages SET cursor = '', as_of = NULL
 WHERE stage = :stage AND cursor = :cursor RETURNING true;

-- name: forget_stage(stage)
-- Forgets all that is copied of a stage, and returns whose calls that were.
DELETE FROM call_sync.call_stages WHERE stage = :stage RETURNING owner, call_id;

-- name: list_due(stage, page_size)
-- Returns results of a stage that are to be copied.
SELECT owner, call_id, output FROM call_sync.call_stages
 WHERE stage = :stage AND due
 ORDER BY owner, call_id
 LIMIT :page_size;

-- name: settle_due(stage, owner, call_id, output)$
-- Notes that a result has been copied; no row where the stage has another one by now.
UPDATE call_sync.call_stages SET due = false
 WHERE owner = :owner AND call_id = :call_id AND stage = :stage AND output = :output AND due
RETURNING true;

-- name: upsert_text(owner, call_id, said, texts, speakers, begins, ends)!
-- Copies what was said in a call that there is.
INSERT INTO call_sync.call_texts (owner, call_id, started_at, words, texts, speakers, begins, ends)
SELECT owner, call_id, started_at,
       array_to_tsvector(ARRAY[call_sync.owner_word(:owner)]) || to_tsvector('russian', :said),
       :texts::text[], :speakers::text[], :begins::float8[], :ends::float8[]
  FROM call_sync.calls
 WHERE owner = :owner AND call_id = :call_id
    ON CONFLICT (owner, call_id) DO UPDATE
   SET words = excluded.words, texts = excluded.texts, speakers = excluded.speakers, begins = excluded.begins,
       ends = excluded.ends;

-- name: set_text(owner, call_id, output, language)!
-- Notes which transcript of a call is copied, and its language.
UPDATE call_sync.calls SET text_output = :output, heard_language = :language
 WHERE owner = :owner AND call_id = :call_id;

-- name: set_findings(owner, call_id, output, call_type, outcome, sentiment, score)!
-- Copies what was found about a call.
UPDATE call_sync.calls
   SET findings_output = :output, call_type = :call_type, outcome = :outcome, sentiment = :sentiment, score = :score
 WHERE owner = :owner AND call_id = :call_id;
