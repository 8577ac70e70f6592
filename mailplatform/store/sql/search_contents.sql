-- Where the bytes of messages of a folder stand.
-- explain: {"folder": 1, "uids": [1, 2]}
SELECT e.uid, m.prefix, m.blob_id
FROM store_entry AS e
JOIN store_message AS m ON m.id = e.message_id
WHERE e.folder_id = %(folder)s AND e.uid = ANY(%(uids)s::bigint[]) AND m.blob_id IS NOT NULL
