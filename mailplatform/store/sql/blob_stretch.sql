-- The last id of the next stretch of blobs.
-- explain: {"after": 0, "limit": 10}
SELECT max(id) FROM (SELECT id FROM store_blob WHERE id > %(after)s::bigint ORDER BY id LIMIT %(limit)s::bigint) AS stretch
