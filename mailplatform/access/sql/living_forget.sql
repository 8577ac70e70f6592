-- Processes that gave no sign of life, and the sessions of all that are not there. seconds: how long silence may last.
-- explain: {"seconds": 60}
-- scans: access_living_session: the connections of the house, a few thousand, once a minute
-- scans: access_living_process: a row a process, a dozen
WITH dead AS (
    DELETE FROM access_living_process WHERE seen_at < clock_timestamp() - make_interval(secs => %(seconds)s::float8) RETURNING id
)
DELETE FROM access_living_session s
WHERE s.process_id IN (SELECT id FROM dead) OR NOT EXISTS (SELECT 1 FROM access_living_process p WHERE p.id = s.process_id)
RETURNING s.id
