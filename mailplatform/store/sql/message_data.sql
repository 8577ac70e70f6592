-- What a FETCH needs of the messages of a folder, by uid; also of entries expunged since, while their content is kept.
-- explain: {"folder": 1, "uids": [1, 2], "summary": true}
SELECT x.uid, m.id,
       CASE WHEN %(summary)s::boolean THEN m.envelope ELSE ''::bytea END,
       CASE WHEN %(summary)s::boolean THEN m.bodystructure ELSE ''::bytea END,
       m.prefix, b.id, b.size, m.preview, x.thread_id, x.save_date
FROM (
    SELECT e.uid, e.message_id, e.thread_id, e.save_date
    FROM store_entry AS e
    WHERE e.folder_id = %(folder)s AND e.uid = ANY(%(uids)s::bigint[])
    UNION ALL
    SELECT g.uid, g.message_id, g.thread_id, g.save_date
    FROM store_expunged AS g
    WHERE g.folder_id = %(folder)s AND g.uid = ANY(%(uids)s::bigint[]) AND g.message_id IS NOT NULL
) AS x
JOIN store_message AS m ON m.id = x.message_id
JOIN store_blob AS b ON b.id = m.blob_id
