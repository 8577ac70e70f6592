-- Blobs of a batch. One that was touched lately is only held against the collector (KEY SHARE: those who use the same body do not
-- wait for each other); others are written, or touched when they are there, in the order of their hashes.
-- explain: {"hashes": ["\\x00"], "sizes": [1], "codecs": [0], "datas": ["\\x00"], "pack_ids": [null], "pack_offsets": [0], "pack_lengths": [0], "now": "2026-11-24T12:00:00Z", "lately": "2026-11-24T06:00:00Z"}
WITH known AS MATERIALIZED (
  SELECT id, hash FROM store_blob
  WHERE hash = ANY(%(hashes)s::bytea[]) AND touched > %(lately)s::timestamptz
  FOR KEY SHARE
), written AS (
  INSERT INTO store_blob (hash, size, codec, data, pack_id, pack_offset, pack_length, touched)
  SELECT b.hash, b.size, b.codec, b.data, b.pack_id, b.pack_offset, b.pack_length, %(now)s::timestamptz
  FROM unnest(%(hashes)s::bytea[], %(sizes)s::bigint[], %(codecs)s::smallint[], %(datas)s::bytea[], %(pack_ids)s::bigint[],
              %(pack_offsets)s::bigint[], %(pack_lengths)s::bigint[])
       AS b (hash, size, codec, data, pack_id, pack_offset, pack_length)
  WHERE NOT EXISTS (SELECT 1 FROM known AS k WHERE k.hash = b.hash)
  ON CONFLICT (hash) DO UPDATE SET touched = excluded.touched
  RETURNING id, hash
)
SELECT id, hash FROM known UNION ALL SELECT id, hash FROM written
