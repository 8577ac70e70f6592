-- Keep the blobs of copied messages from the collector, as an arrival does; ordered by hash, as all locks of blobs are.
-- explain: {"messages": [1, 2], "now": "2026-01-01T00:00:00+00:00"}
WITH wanted AS MATERIALIZED (
    SELECT b.id FROM store_blob AS b
    WHERE b.id IN (SELECT m.blob_id FROM store_message AS m WHERE m.id = ANY(%(messages)s::bigint[]))
    ORDER BY b.hash
    FOR NO KEY UPDATE
)
UPDATE store_blob AS b SET touched = %(now)s FROM wanted AS w WHERE b.id = w.id
