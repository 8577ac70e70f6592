-- Slim rows older than a moment go, a slice of an account at a time, and raise their folders' floor: below it a client is told
-- every absent uid (RFC 7162 §3.2.5.2).
-- explain: {"account": 1, "before": "2026-01-01T00:00:00+00:00", "limit": 2000}
WITH oldest AS MATERIALIZED (
    SELECT x.folder_id, x.uid FROM store_expunged AS x
    WHERE x.account_id = %(account)s AND x.expunged_at < %(before)s AND x.message_id IS NULL
    ORDER BY x.expunged_at
    LIMIT %(limit)s
), gone AS (
    DELETE FROM store_expunged AS x USING oldest AS o
    WHERE x.folder_id = o.folder_id AND x.uid = o.uid AND x.account_id = %(account)s AND x.expunged_at < %(before)s
    RETURNING x.folder_id, x.modseq
), floors AS (
    UPDATE store_folder AS f SET expunged_floor = greatest(f.expunged_floor, g.modseq)
    FROM (SELECT folder_id, max(modseq) AS modseq FROM gone GROUP BY folder_id) AS g
    WHERE f.id = g.folder_id
)
SELECT count(*) FROM gone
