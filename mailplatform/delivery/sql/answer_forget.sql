-- Those whose period is over.
-- explain: {"now": "2026-11-24T12:00:00Z", "limit": 1000}
DELETE FROM delivery_answer WHERE id = ANY (ARRAY(
  SELECT id FROM delivery_answer WHERE until < %(now)s::timestamptz AND NOT due ORDER BY until LIMIT %(limit)s::bigint
))
