-- A folder's state and all its entries in one moment, packed: per entry 32 bytes, big-endian: uid 4, size 4, flags 1,
-- message id 7, modseq 8, internal date 8 (microseconds since 2000). Keywords apart, as text: few entries have any.
-- explain: {"folder": 1}
SELECT f.id, f.account_id, f.name, f.uidvalidity, f.uidnext, f.highestmodseq, f.messages, f.unseen, f.deleted, f.size,
       f.recent_from, f.special_use, f.subscribed, f.created_modseq, f.changed_modseq, f.expunged_floor, f.seen_shared,
       p.body, p.keywords
FROM store_folder AS f
LEFT JOIN LATERAL (
    SELECT string_agg(int8send((o.uid << 32) | o.size) || int8send((o.flags::bigint << 56) | o.message_id)
                      || int8send(o.modseq) || timestamptz_send(o.internal_date), '') AS body,
           string_agg(o.uid || ':' || array_to_string(o.keywords, ','), ' ') FILTER (WHERE o.keywords <> '{}') AS keywords
    FROM (SELECT e.uid, e.size, e.flags, e.message_id, e.modseq, e.internal_date, e.keywords
          FROM store_entry AS e WHERE e.folder_id = f.id ORDER BY e.uid) AS o
) AS p ON true
WHERE f.id = %(folder)s AND f.deleted_at IS NULL
