-- name: list_calls(owner, start_date, end_date, limit)
-- Returns the calls of a range one by one, the earliest first.
SELECT call_id, day, started_at, employee, call_type, outcome, sentiment, score, told_share
  FROM recommendations.calls
 WHERE owner = :owner
   AND day BETWEEN :start_date AND :end_date
 ORDER BY started_at, call_id
 LIMIT :limit;

-- name: get_locale(owner)^
-- Returns the time zone and the language that the owner's last execution was told.
SELECT settings ->> 'time_zone' AS time_zone, settings ->> 'language' AS language
  FROM recommendations.executions
 WHERE owner = :owner
   AND settings IS NOT NULL
 ORDER BY execution DESC
 LIMIT 1;
