-- Entries of a folder that do not hang together with their message, blob and thread, and why.
-- explain: {"folder": 1, "account": 1, "limit": 100}
SELECT p.uid, p.why
FROM (
    SELECT e.uid,
           CASE WHEN m.id IS NULL THEN 'has no message'
                WHEN m.account_id <> %(account)s OR e.account_id <> %(account)s THEN 'is of another account'
                WHEN b.id IS NULL THEN 'has no bytes'
                WHEN m.size <> length(m.prefix) + b.size OR e.size <> m.size THEN 'has a wrong size'
                WHEN e.thread_id <> m.thread_id OR t.id IS NULL OR t.account_id <> m.account_id THEN 'has a wrong thread'
                WHEN x.uid IS NOT NULL THEN 'is expunged too'
                WHEN e.flags & ~31 <> 0 THEN 'has unknown flags'
                WHEN e.modseq < e.created_modseq THEN 'is older than its creation'
           END AS why
    FROM store_entry AS e
    LEFT JOIN store_message AS m ON m.id = e.message_id
    LEFT JOIN store_blob AS b ON b.id = m.blob_id
    LEFT JOIN store_thread AS t ON t.id = e.thread_id
    LEFT JOIN store_expunged AS x ON x.folder_id = e.folder_id AND x.uid = e.uid
    WHERE e.folder_id = %(folder)s
) AS p
WHERE p.why IS NOT NULL
LIMIT %(limit)s
