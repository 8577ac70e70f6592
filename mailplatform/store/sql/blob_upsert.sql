-- Blobs of a batch, in the order of their hashes: a new one is written, a known one is touched, which locks it against the collector.
-- explain: {"hashes": ["\\x00"], "sizes": [1], "codecs": [0], "datas": ["\\x00"], "pack_ids": [null], "pack_offsets": [0], "pack_lengths": [0], "now": "2026-11-24T12:00:00Z"}
INSERT INTO store_blob (hash, size, codec, data, pack_id, pack_offset, pack_length, touched)
SELECT b.hash, b.size, b.codec, b.data, b.pack_id, b.pack_offset, b.pack_length, %(now)s::timestamptz
FROM unnest(%(hashes)s::bytea[], %(sizes)s::bigint[], %(codecs)s::smallint[], %(datas)s::bytea[], %(pack_ids)s::bigint[],
            %(pack_offsets)s::bigint[], %(pack_lengths)s::bigint[])
     AS b (hash, size, codec, data, pack_id, pack_offset, pack_length)
ON CONFLICT (hash) DO UPDATE SET touched = excluded.touched
RETURNING id, hash
