-- Accounts with slim rows older than a moment.
-- scans: store_accountstate: once an hour, a few thousand short rows
-- explain: {"before": "2026-01-01T00:00:00+00:00"}
SELECT s.account_id
FROM store_accountstate AS s
WHERE EXISTS (SELECT FROM store_expunged AS x WHERE x.account_id = s.account_id AND x.expunged_at < %(before)s)
ORDER BY s.account_id
