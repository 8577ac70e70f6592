-- Other viewers' \Seen of entries that left a folder.
-- explain: {"folder": 1, "uids": [1, 2]}
DELETE FROM store_seen AS s
USING store_viewerstate AS v
WHERE v.folder_id = %(folder)s AND s.folder_id = v.folder_id AND s.viewer_id = v.viewer_id AND s.uid = ANY(%(uids)s::bigint[])
