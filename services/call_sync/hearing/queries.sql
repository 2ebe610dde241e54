-- name: get_rendition(sha256)^
-- Returns how a recording is heard, nothing where that is not known yet.
SELECT * FROM call_sync.renditions WHERE sha256 = :sha256;

-- name: put_rendition(sha256, fault, played_sha256, played_size, played_type, duration_seconds, peaks)!
-- Writes how a recording is heard. The recording, and what was coded of it, may have been deleted meanwhile; then
-- nothing is written. Who only looked at its beginning writes over nothing.
INSERT INTO call_sync.renditions (
       sha256, fault, played_sha256, played_size, played_type, duration_seconds, peaks)
SELECT :sha256, :fault, :played_sha256::text, :played_size::bigint, :played_type::text,
       :duration_seconds, :peaks::bytea[]
  FROM (SELECT count(*) AS found
          FROM (SELECT FROM call_sync.recordings
                 WHERE sha256 IN (:sha256, :played_sha256)
                   FOR KEY SHARE) AS locked) AS kept
 WHERE kept.found = CASE WHEN :played_sha256::text IS NULL THEN 1 ELSE 2 END
    ON CONFLICT (sha256) DO UPDATE
   SET fault = excluded.fault,
       played_sha256 = excluded.played_sha256,
       played_size = excluded.played_size,
       played_type = excluded.played_type,
       duration_seconds = excluded.duration_seconds,
       peaks = excluded.peaks
 WHERE excluded.peaks <> '{}' OR excluded.fault <> '';
