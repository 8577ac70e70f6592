-- Other viewers whose count of unseen messages is not what their own \Seen say.
-- explain: {"folders": [1, 2]}
SELECT v.folder_id, v.viewer_id, v.unseen, r.unseen
FROM store_viewerstate AS v
CROSS JOIN LATERAL (
    SELECT coalesce(sum((CASE WHEN s.seen THEN 0 ELSE 1 END) - (CASE WHEN e.flags & 1 = 1 THEN 0 ELSE 1 END)), 0)::bigint AS unseen
    FROM store_seen AS s
    JOIN store_entry AS e ON e.folder_id = s.folder_id AND e.uid = s.uid
    WHERE s.folder_id = v.folder_id AND s.viewer_id = v.viewer_id
) AS r
WHERE v.folder_id = ANY(%(folders)s::bigint[]) AND v.unseen <> r.unseen
