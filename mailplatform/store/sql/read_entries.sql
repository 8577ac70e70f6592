-- Entries by uid, as a viewer sees them.
-- explain: {"folder": 1, "viewer": 1, "uids": [1, 2]}
SELECT e.uid, e.message_id,
       CASE WHEN s.seen IS NULL THEN e.flags WHEN s.seen THEN e.flags | 1::smallint ELSE e.flags & ~1::smallint END,
       e.keywords, greatest(e.modseq, s.modseq), extract(epoch FROM date_trunc('second', e.internal_date))::bigint, e.size,
       e.created_modseq
FROM store_entry AS e
LEFT JOIN store_seen AS s ON s.folder_id = e.folder_id AND s.viewer_id = %(viewer)s AND s.uid = e.uid
WHERE e.folder_id = %(folder)s AND e.uid = ANY(%(uids)s::bigint[])
ORDER BY e.uid
