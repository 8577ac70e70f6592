-- References that were not known yet, and the thread they belong to.
-- explain: {"accounts": [1], "hashes": [5], "threads": [1]}
INSERT INTO store_threadref (account_id, ref_hash, thread_id)
SELECT r.account_id, r.ref_hash, r.thread_id
FROM unnest(%(accounts)s::bigint[], %(hashes)s::bigint[], %(threads)s::bigint[]) AS r (account_id, ref_hash, thread_id)
ON CONFLICT (account_id, ref_hash) DO NOTHING
