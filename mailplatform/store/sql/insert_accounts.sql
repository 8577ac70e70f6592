-- Make the counter rows of new accounts; those that are there stay as they are.
-- explain: {"accounts": [1, 2]}
INSERT INTO store_accountstate (account_id, modseq, min_modseq, bytes, messages, expunged_bytes, next_keyword, last_uidvalidity,
                                last_folder, last_email, last_thread)
SELECT id, 1, 1, 0, 0, 0, 1, 0, 1, 1, 1
FROM unnest(%(accounts)s::bigint[]) AS a (id)
ORDER BY id
ON CONFLICT (account_id) DO NOTHING
