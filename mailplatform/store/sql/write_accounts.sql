-- Write locked counter rows back at the end of their transaction.
-- explain: {"c0": [1], "c1": [9], "c2": [0], "c3": [0], "c4": [0], "c5": [1], "c6": [1], "c7": [1], "c8": [1], "c9": [1]}
UPDATE store_accountstate AS s
SET modseq = n.modseq, bytes = n.bytes, messages = n.messages, expunged_bytes = n.expunged_bytes,
    next_keyword = n.next_keyword, last_uidvalidity = n.last_uidvalidity,
    last_folder = n.last_folder, last_email = n.last_email, last_thread = n.last_thread
FROM unnest(%(c0)s::bigint[], %(c1)s::bigint[], %(c2)s::bigint[], %(c3)s::bigint[], %(c4)s::bigint[], %(c5)s::integer[],
            %(c6)s::bigint[], %(c7)s::bigint[], %(c8)s::bigint[], %(c9)s::bigint[])
     AS n (account_id, modseq, bytes, messages, expunged_bytes, next_keyword, last_uidvalidity, last_folder, last_email, last_thread)
WHERE s.account_id = n.account_id
