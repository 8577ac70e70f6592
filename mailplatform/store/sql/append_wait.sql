-- Wait for one busy account, holding nothing else; lock_timeout bounds the wait. The lock is kept for what follows.
-- explain: {"account": 1}
SELECT account_id FROM store_accountstate WHERE account_id = %(account)s::bigint FOR NO KEY UPDATE
