-- The keywords of accounts that get messages with keywords.
-- explain: {"accounts": [1, 2]}
SELECT account_id, folded, number FROM store_keyword WHERE account_id = ANY(%(accounts)s::bigint[])
