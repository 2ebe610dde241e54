-- name: get_transcripts(owner, call_ids, with_words)
-- Returns the transcripts that there are, in the order asked for; their words, most of their size, only where they
-- are asked for.
SELECT owner, call_id, language, duration_seconds, channels, overlap_reliable, model, told_seconds, segments, languages,
       speakers_guessed,
       CASE WHEN :with_words THEN words END AS words,
       created_at
  FROM unnest(:call_ids::text[]) WITH ORDINALITY AS asked (call_id, position)
  JOIN transcription.transcripts USING (call_id)
 WHERE owner = :owner
 ORDER BY position;

-- name: upsert_transcripts(owner, execution, call_ids, languages, durations, channels, overlaps, models, told, segments, words, heard, guessed)!
-- Stores transcripts and the execution that made them, in the place of earlier ones of the same calls.
INSERT INTO transcription.transcripts (
       owner, execution, call_id, language, duration_seconds, channels, overlap_reliable, model,
       told_seconds, segments, words, languages, speakers_guessed)
SELECT :owner, :execution, made.*
  FROM unnest(
           :call_ids::text[], :languages::text[], :durations::float8[], :channels::int[],
           :overlaps::boolean[], :models::text[], :told::float8[], :segments::jsonb[], :words::json[],
           :heard::jsonb[], :guessed::boolean[]) AS made
    ON CONFLICT (owner, call_id) DO UPDATE
   SET execution = excluded.execution,
       language = excluded.language,
       duration_seconds = excluded.duration_seconds,
       channels = excluded.channels,
       overlap_reliable = excluded.overlap_reliable,
       model = excluded.model,
       told_seconds = excluded.told_seconds,
       segments = excluded.segments,
       words = excluded.words,
       languages = excluded.languages,
       speakers_guessed = excluded.speakers_guessed,
       created_at = now();

-- name: delete_transcripts(owner, call_ids)!
-- Forgets transcripts.
DELETE FROM transcription.transcripts
 WHERE owner = :owner
   AND call_id = ANY (:call_ids::text[]);

-- name: insert_audit_entry(owner, actor, action, subject, detail, at)!
-- Keeps who took a transcript as a file.
INSERT INTO transcription.audit_entries (owner, actor, action, subject, detail, at)
VALUES (:owner, :actor, :action, :subject, :detail, :at);

-- name: list_audit_entries(owner, before, page_size)
-- Returns a page of who took transcripts of an owner, newest first.
SELECT *
  FROM transcription.audit_entries
 WHERE owner = :owner
   AND (:before::bigint IS NULL OR number < :before)
 ORDER BY number DESC
 LIMIT :page_size;
