-- Lock what may be garbage in a stretch of blobs, past what others hold, in the order of hashes.
-- explain: {"after": 0, "last": 10, "before": "2026-11-24T12:00:00Z"}
SELECT b.id
FROM store_blob AS b
WHERE b.id > %(after)s::bigint AND b.id <= %(last)s::bigint AND b.touched < %(before)s::timestamptz
  AND NOT EXISTS (SELECT 1 FROM store_message AS m WHERE m.blob_id = b.id)
  AND NOT EXISTS (SELECT 1 FROM store_blobpin AS p WHERE p.blob_id = b.id AND (p.until IS NULL OR p.until > %(before)s::timestamptz))
ORDER BY b.hash
FOR UPDATE OF b SKIP LOCKED
