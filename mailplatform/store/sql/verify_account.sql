-- An account's counter row beside what it must equal or be no less than.
-- explain: {"account": 1}
SELECT s.modseq, s.bytes, s.messages, s.expunged_bytes, s.next_keyword, s.last_uidvalidity,
       f.modseq, f.bytes, f.messages, x.bytes, k.number, f.uidvalidity
FROM store_accountstate AS s
CROSS JOIN LATERAL (
    SELECT coalesce(max(greatest(o.highestmodseq, o.changed_modseq, o.deleted_modseq)), 0) AS modseq,
           coalesce(sum(o.size), 0)::bigint AS bytes, coalesce(sum(o.messages), 0)::bigint AS messages,
           coalesce(max(o.uidvalidity), 0) AS uidvalidity
    FROM store_folder AS o WHERE o.account_id = s.account_id
) AS f
CROSS JOIN LATERAL (
    SELECT coalesce(sum(o.size), 0)::bigint AS bytes FROM store_expunged AS o
    WHERE o.account_id = s.account_id AND o.message_id IS NOT NULL AND o.reason <> 'moved' AND o.restored_at IS NULL
) AS x
CROSS JOIN LATERAL (SELECT coalesce(max(o.number), 0) AS number FROM store_keyword AS o WHERE o.account_id = s.account_id) AS k
WHERE s.account_id = %(account)s
