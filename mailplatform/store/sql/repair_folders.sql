-- Set the counters of an account's folders to what their entries say.
-- explain: {"account": 1}
UPDATE store_folder AS f
SET messages = e.messages, unseen = e.unseen, deleted = e.deleted, size = e.size,
    uidnext = greatest(f.uidnext, e.uid + 1, x.uid + 1), highestmodseq = greatest(f.highestmodseq, e.modseq, x.modseq)
FROM store_folder AS g
CROSS JOIN LATERAL (
    SELECT count(*) AS messages, count(*) FILTER (WHERE o.flags & 1 = 0) AS unseen, count(*) FILTER (WHERE o.flags & 8 = 8) AS deleted,
           coalesce(sum(o.size), 0)::bigint AS size, max(o.uid) AS uid, max(o.modseq) AS modseq
    FROM store_entry AS o WHERE o.folder_id = g.id
) AS e
CROSS JOIN LATERAL (SELECT max(o.uid) AS uid, max(o.modseq) AS modseq FROM store_expunged AS o WHERE o.folder_id = g.id) AS x
WHERE g.account_id = %(account)s AND f.id = g.id
