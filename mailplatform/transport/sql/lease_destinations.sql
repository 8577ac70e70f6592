-- Destinations with ready items, in order behind a name, those left out that wait as a whole, and what is known of each.
-- One short look into the index a destination, however many items it has.
-- explain: {"transport": "smtp", "after": "", "now": "2026-11-24T12:00:00Z", "limit": 100}
WITH RECURSIVE walk AS (
  (SELECT destination FROM transport_queueitem
   WHERE transport = %(transport)s::text AND state = 'ready' AND destination > %(after)s::text
   ORDER BY transport, destination LIMIT 1)
  UNION ALL
  SELECT (SELECT q.destination FROM transport_queueitem AS q
          WHERE q.transport = %(transport)s::text AND q.state = 'ready' AND q.destination > w.destination
          ORDER BY q.transport, q.destination LIMIT 1)
  FROM walk AS w WHERE w.destination IS NOT NULL
)
SELECT w.destination, coalesce(d.failures, 0), d.proven_at IS NOT NULL, coalesce(d.concurrency, 0)
FROM walk AS w
LEFT JOIN transport_destination AS d ON d.transport = %(transport)s::text AND d.name = w.destination
WHERE w.destination IS NOT NULL AND (d.next_try IS NULL OR d.next_try <= %(now)s::timestamptz)
LIMIT %(limit)s::bigint
