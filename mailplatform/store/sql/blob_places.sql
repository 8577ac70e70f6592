-- Where the bytes of some blobs are.
-- explain: {"ids": [1]}
SELECT id, size, codec, data, pack_id, pack_offset, pack_length FROM store_blob WHERE id = ANY(%(ids)s::bigint[])
