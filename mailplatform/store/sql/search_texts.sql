-- The packed text of messages of a folder, null where the index has not written it yet.
-- explain: {"folder": 1, "uids": [1, 2]}
SELECT e.uid, t.codec, t.text
FROM store_entry AS e
LEFT JOIN store_searchtext AS t ON t.message_id = e.message_id
WHERE e.folder_id = %(folder)s AND e.uid = ANY(%(uids)s::bigint[])
