-- Sessions of one process that are over. process: its number; numbers: an array.
-- explain: {"process": 1, "numbers": [1, 2]}
DELETE FROM access_living_session WHERE process_id = %(process)s::bigint AND number = ANY(%(numbers)s::int[]) RETURNING number
