-- Set another viewer's own \Seen of entries; those that are so already are not touched. Numbered from `base` on by uid.
-- explain: {"folder": 1, "viewer": 2, "uids": [1, 2], "seen": true, "base": 7}
INSERT INTO store_seen (folder_id, viewer_id, uid, seen, modseq)
SELECT %(folder)s, %(viewer)s, a.uid, %(seen)s, %(base)s::bigint + row_number() OVER (ORDER BY a.uid) - 1
FROM (
    SELECT e.uid
    FROM store_entry AS e
    LEFT JOIN store_seen AS s ON s.folder_id = e.folder_id AND s.viewer_id = %(viewer)s AND s.uid = e.uid
    WHERE e.folder_id = %(folder)s AND e.uid = ANY(%(uids)s::bigint[])
      AND coalesce(s.seen, e.flags & 1 = 1) <> %(seen)s::boolean
) AS a
ORDER BY a.uid
ON CONFLICT (folder_id, viewer_id, uid) DO UPDATE SET seen = excluded.seen, modseq = excluded.modseq
RETURNING uid
