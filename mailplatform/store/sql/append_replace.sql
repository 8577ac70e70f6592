-- Take our copies out of Sent, since the client's own have come: as an expunge does, with the numbers that placing gave out.
-- explain: {"folders": [1], "uids": [1], "modseqs": [7], "now": "2026-11-24T12:00:00Z"}
WITH gone AS (
    DELETE FROM store_entry AS e
    USING unnest(%(folders)s::bigint[], %(uids)s::bigint[], %(modseqs)s::bigint[]) AS r (folder_id, uid, modseq)
    WHERE e.folder_id = r.folder_id AND e.uid = r.uid
    RETURNING e.folder_id, e.uid, e.account_id, e.message_id, e.thread_id, e.flags, e.keywords, r.modseq AS modseq,
              e.created_modseq, e.internal_date, e.save_date, e.sent_at, e.size
), kept AS (
    INSERT INTO store_expunged (folder_id, uid, account_id, message_id, thread_id, flags, keywords, modseq, created_modseq,
                                internal_date, save_date, sent_at, size, expunged_at, reason, user_id, user_name, client)
    SELECT g.folder_id, g.uid, g.account_id, g.message_id, g.thread_id, g.flags, g.keywords, g.modseq, g.created_modseq,
           g.internal_date, g.save_date, g.sent_at, g.size, %(now)s::timestamptz, 'replaced', NULL, '', ''
    FROM gone AS g
)
UPDATE store_accountstate AS s
SET expunged_bytes = s.expunged_bytes + t.size
FROM (SELECT g.account_id, sum(g.size) AS size FROM gone AS g GROUP BY g.account_id) AS t
WHERE s.account_id = t.account_id
