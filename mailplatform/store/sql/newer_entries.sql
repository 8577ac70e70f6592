-- Which of these entries are newer than a modseq (for another viewer: by their own \Seen as well). RFC 7162 §3.1.3.
-- explain: {"folder": 1, "uids": [1, 2], "viewer": 1, "modseq": 3}
SELECT e.uid
FROM store_entry AS e
LEFT JOIN store_seen AS s ON s.folder_id = e.folder_id AND s.viewer_id = %(viewer)s AND s.uid = e.uid
WHERE e.folder_id = %(folder)s AND e.uid = ANY(%(uids)s::bigint[]) AND greatest(e.modseq, s.modseq) > %(modseq)s
ORDER BY e.uid
