-- By how much each other viewer's count of unseen messages differs from the folder's own.
-- explain: {"folder": 1}
UPDATE store_viewerstate AS v
SET unseen = (
    SELECT coalesce(sum((CASE WHEN s.seen THEN 0 ELSE 1 END) - (CASE WHEN e.flags & 1 = 1 THEN 0 ELSE 1 END)), 0)
    FROM store_seen AS s
    JOIN store_entry AS e ON e.folder_id = s.folder_id AND e.uid = s.uid
    WHERE s.folder_id = v.folder_id AND s.viewer_id = v.viewer_id
)
WHERE v.folder_id = %(folder)s
