-- Where the bytes of some blobs are.
-- explain: {"ids": [1]}
SELECT b.id, b.size, b.codec, b.data, p.name, b.pack_offset, b.pack_length
FROM store_blob AS b LEFT JOIN store_pack AS p ON p.id = b.pack_id
WHERE b.id = ANY(%(ids)s::bigint[])
