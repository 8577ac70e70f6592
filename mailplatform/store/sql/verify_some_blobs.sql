-- Blobs by id, and where their bytes should be.
-- explain: {"ids": [1, 2]}
SELECT b.id, b.hash, b.size, b.codec, length(b.data), b.pack_id, b.pack_offset, b.pack_length, p.name
FROM store_blob AS b
LEFT JOIN store_pack AS p ON p.id = b.pack_id
WHERE b.id = ANY(%(ids)s::bigint[])
ORDER BY b.id
