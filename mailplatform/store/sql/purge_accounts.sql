-- Accounts with expunged messages older than a moment, or with more restorable bytes than a cap.
-- scans: store_accountstate: once an hour, a few thousand short rows
-- explain: {"before": "2026-01-01T00:00:00+00:00", "cap": 1000000}
SELECT s.account_id, s.expunged_bytes
FROM store_accountstate AS s
WHERE s.expunged_bytes > %(cap)s
   OR EXISTS (SELECT FROM store_expunged AS x
              WHERE x.account_id = s.account_id AND x.expunged_at < %(before)s AND x.message_id IS NOT NULL)
ORDER BY s.account_id
