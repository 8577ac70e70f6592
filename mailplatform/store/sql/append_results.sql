-- What units made that were committed before.
-- explain: {"units": ["8c5d9a10-0000-4000-8000-000000000000"]}
SELECT unit_id, result::text FROM store_arrival WHERE unit_id = ANY(%(units)s::uuid[])
