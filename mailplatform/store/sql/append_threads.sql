-- The threads that the references of arriving messages name, one row a reference that is known.
-- explain: {"accounts": [1, 2], "hashes": [5, 6]}
SELECT r.account_id, r.ref_hash, r.thread_id, t.created_modseq
FROM unnest(%(accounts)s::bigint[], %(hashes)s::bigint[]) AS q (account_id, ref_hash)
JOIN store_threadref AS r ON r.account_id = q.account_id AND r.ref_hash = q.ref_hash
JOIN store_thread AS t ON t.id = r.thread_id
