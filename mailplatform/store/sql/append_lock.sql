-- Lock the counter rows of a batch's accounts, as many as are free, in id order: all writes of an account are ordered by this row.
-- A statement of its own: what later statements read is as new as the lock.
-- explain: {"accounts": [1, 2]}
SELECT account_id, modseq, bytes, messages, next_keyword
FROM store_accountstate
WHERE account_id = ANY(%(accounts)s::bigint[])
ORDER BY account_id
FOR NO KEY UPDATE SKIP LOCKED
