-- An account's folders beside the sums that their counters must equal, one row a folder.
-- explain: {"account": 1}
SELECT f.id, f.name, f.messages, f.unseen, f.deleted, f.size, f.uidnext, f.highestmodseq,
       e.messages, e.unseen, e.deleted, e.size, greatest(e.uid, x.uid, 0), greatest(e.modseq, x.modseq, s.modseq, 0)
FROM store_folder AS f
CROSS JOIN LATERAL (
    SELECT count(*) AS messages, count(*) FILTER (WHERE o.flags & 1 = 0) AS unseen, count(*) FILTER (WHERE o.flags & 8 = 8) AS deleted,
           coalesce(sum(o.size), 0)::bigint AS size, max(o.uid) AS uid, max(o.modseq) AS modseq
    FROM store_entry AS o WHERE o.folder_id = f.id
) AS e
CROSS JOIN LATERAL (SELECT max(o.uid) AS uid, max(o.modseq) AS modseq FROM store_expunged AS o WHERE o.folder_id = f.id) AS x
CROSS JOIN LATERAL (SELECT max(o.modseq) AS modseq FROM store_seen AS o WHERE o.folder_id = f.id) AS s
WHERE f.account_id = %(account)s
ORDER BY f.id
