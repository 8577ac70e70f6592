-- The next blobs after an id among those of an account's messages, and where their bytes should be.
-- explain: {"account": 1, "after": 0, "limit": 200}
SELECT b.id, b.hash, b.size, b.codec, length(b.data), b.pack_id, b.pack_offset, b.pack_length, p.name
FROM store_blob AS b
LEFT JOIN store_pack AS p ON p.id = b.pack_id
WHERE b.id IN (SELECT m.blob_id FROM store_message AS m WHERE m.account_id = %(account)s AND m.blob_id > %(after)s)
ORDER BY b.id
LIMIT %(limit)s
