-- Delete locked blobs that are garbage still: this statement's snapshot is newer than the locks. Pins that have run out go too.
-- explain: {"ids": [1], "before": "2026-11-24T12:00:00Z"}
WITH gone AS (
  SELECT b.id FROM store_blob AS b
  WHERE b.id = ANY(%(ids)s::bigint[]) AND b.touched < %(before)s::timestamptz
    AND NOT EXISTS (SELECT 1 FROM store_message AS m WHERE m.blob_id = b.id)
    AND NOT EXISTS (
      SELECT 1 FROM store_blobpin AS p WHERE p.blob_id = b.id AND (p.until IS NULL OR p.until > %(before)s::timestamptz)
    )
), unpinned AS (
  DELETE FROM store_blobpin AS p USING gone WHERE p.blob_id = gone.id
)
DELETE FROM store_blob AS b USING gone WHERE b.id = gone.id
