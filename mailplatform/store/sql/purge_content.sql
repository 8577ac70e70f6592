-- The oldest expunged messages of an account give up their content; the slim row stays.
-- explain: {"account": 1, "before": "2026-01-01T00:00:00+00:00", "limit": 2000, "now": "2026-01-01T00:00:00+00:00"}
WITH oldest AS MATERIALIZED (
    SELECT x.folder_id, x.uid, x.message_id, x.size, x.reason <> 'moved' AND x.restored_at IS NULL AS counted
    FROM store_expunged AS x
    WHERE x.account_id = %(account)s AND x.message_id IS NOT NULL AND x.expunged_at < %(before)s
    ORDER BY x.expunged_at
    LIMIT %(limit)s
), emptied AS (
    UPDATE store_expunged AS x SET message_id = NULL, purged_at = %(now)s
    FROM oldest AS o
    WHERE x.folder_id = o.folder_id AND x.uid = o.uid
      AND x.account_id = %(account)s AND x.message_id IS NOT NULL AND x.expunged_at < %(before)s
)
SELECT o.message_id, CASE WHEN o.counted THEN o.size ELSE 0 END FROM oldest AS o
