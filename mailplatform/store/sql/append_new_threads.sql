-- Threads that begin with an arriving message and bear its id.
-- explain: {"ids": [1], "accounts": [1], "modseqs": [1]}
INSERT INTO store_thread (id, account_id, created_modseq, changed_modseq)
SELECT t.id, t.account_id, t.modseq, t.modseq
FROM unnest(%(ids)s::bigint[], %(accounts)s::bigint[], %(modseqs)s::bigint[]) AS t (id, account_id, modseq)
