-- The memory of a batch's units. A unit whose row is not returned was committed before: waiting on the unique index is what
-- makes this right while the earlier transaction is still in flight; reading first would race and double mail.
-- explain: {"units": ["8c5d9a10-0000-4000-8000-000000000000"], "results": ["{}"], "now": "2026-11-24T12:00:00Z"}
INSERT INTO store_arrival (unit_id, result, created_at)
SELECT a.unit_id, a.result::jsonb, %(now)s::timestamptz
FROM unnest(%(units)s::uuid[], %(results)s::text[]) AS a (unit_id, result)
ON CONFLICT (unit_id) DO NOTHING
RETURNING unit_id
