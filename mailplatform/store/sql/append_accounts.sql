-- What decides about placements into some accounts, read under their locks: closed or not, has a store, limits.
-- explain: {"accounts": [1, 2]}
SELECT a.id, a.state = 'closed', s.account_id IS NOT NULL,
       coalesce(a.quota_bytes, d.account_quota_bytes), coalesce(a.quota_messages, d.account_quota_messages)
FROM directory_account AS a
JOIN directory_domain AS d ON d.id = a.domain_id
LEFT JOIN store_accountstate AS s ON s.account_id = a.id
WHERE a.id = ANY(%(accounts)s::bigint[])
