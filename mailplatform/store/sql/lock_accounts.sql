-- Lock the counter rows of some accounts, in id order, and read them: the first statement of every write to a store.
-- explain: {"accounts": [1, 2]}
SELECT account_id, modseq, bytes, messages, expunged_bytes, next_keyword, last_uidvalidity, last_folder, last_email, last_thread
FROM store_accountstate
WHERE account_id = ANY(%(accounts)s::bigint[])
ORDER BY account_id
FOR NO KEY UPDATE
