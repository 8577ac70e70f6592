-- Of accounts whose quota is to be checked: those whose domain has one of its own, with what the domain holds. The sum is read
-- without locks, so two accounts may pass it together by what they add at once.
-- explain: {"accounts": [1, 2]}
SELECT a.id, d.id, d.quota_bytes, d.quota_messages, u.bytes, u.messages
FROM directory_account AS a
JOIN directory_domain AS d ON d.id = a.domain_id AND (d.quota_bytes IS NOT NULL OR d.quota_messages IS NOT NULL)
CROSS JOIN LATERAL (
  SELECT coalesce(sum(s.bytes), 0)::bigint AS bytes, coalesce(sum(s.messages), 0)::bigint AS messages
  FROM directory_account AS o JOIN store_accountstate AS s ON s.account_id = o.id
  WHERE o.domain_id = d.id
) AS u
WHERE a.id = ANY(%(accounts)s::bigint[])
