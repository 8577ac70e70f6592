-- A folder's state and what happened in it above a modseq, in one moment: changed entries column by column, and vanished uids.
-- explain: {"folder": 1, "modseq": 5}
SELECT f.id, f.account_id, f.name, f.uidvalidity, f.uidnext, f.highestmodseq, f.messages, f.unseen, f.deleted, f.size,
       f.recent_from, f.special_use, f.subscribed, f.created_modseq, f.changed_modseq, f.expunged_floor, f.seen_shared,
       c.uids, c.message_ids, c.flags, c.keywords, c.modseqs, c.dates, c.sizes, c.created, v.uids
FROM store_folder AS f
LEFT JOIN LATERAL (
    SELECT array_agg(o.uid) AS uids, array_agg(o.message_id) AS message_ids, array_agg(o.flags) AS flags,
           array_agg(array_to_string(o.keywords, ' ')) AS keywords, array_agg(o.modseq) AS modseqs,
           array_agg(extract(epoch FROM date_trunc('second', o.internal_date))::bigint) AS dates,
           array_agg(o.size) AS sizes, array_agg(o.created_modseq) AS created
    FROM (SELECT e.* FROM store_entry AS e WHERE e.folder_id = f.id AND e.modseq > %(modseq)s::bigint ORDER BY e.uid) AS o
) AS c ON f.highestmodseq > %(modseq)s::bigint
LEFT JOIN LATERAL (
    SELECT array_agg(x.uid ORDER BY x.uid) AS uids
    FROM store_expunged AS x
    WHERE x.folder_id = f.id AND x.modseq > %(modseq)s::bigint
) AS v ON f.highestmodseq > %(modseq)s::bigint
WHERE f.id = %(folder)s AND f.deleted_at IS NULL
