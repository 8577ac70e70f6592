-- What a writer must know of some folders, read after their accounts are locked.
-- explain: {"folders": [1, 2]}
SELECT f.id, f.account_id, f.uidvalidity, f.uidnext, f.highestmodseq, f.messages, f.deleted, f.seen_shared, f.deleted_at IS NULL,
       EXISTS (SELECT FROM store_viewerstate AS v WHERE v.folder_id = f.id), f.name
FROM store_folder AS f
WHERE f.id = ANY(%(folders)s::bigint[])
