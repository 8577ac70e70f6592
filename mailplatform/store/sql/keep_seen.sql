-- Before the owner's \Seen of entries changes: write down what each other viewer of the folder saw, so that it stays.
-- explain: {"folder": 1, "uids": [1, 2]}
INSERT INTO store_seen (folder_id, viewer_id, uid, seen, modseq)
SELECT e.folder_id, v.viewer_id, e.uid, e.flags & 1 = 1, e.modseq
FROM store_viewerstate AS v
JOIN store_entry AS e ON e.folder_id = v.folder_id
WHERE v.folder_id = %(folder)s AND e.uid = ANY(%(uids)s::bigint[])
ORDER BY v.viewer_id, e.uid
ON CONFLICT (folder_id, viewer_id, uid) DO NOTHING
