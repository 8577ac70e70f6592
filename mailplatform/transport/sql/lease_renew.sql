-- Lengthen leases that are still their holder's.
-- explain: {"ids": [1], "tokens": ["8c5d9a10-0000-4000-8000-000000000000"], "until": "2026-11-24T12:15:00Z"}
WITH held AS (
  SELECT q.id
  FROM unnest(%(ids)s::bigint[], %(tokens)s::uuid[]) AS t (id, token)
  JOIN transport_queueitem AS q ON q.id = t.id AND q.lease_token = t.token AND q.state = 'leased'
  ORDER BY q.id
  FOR UPDATE OF q
)
UPDATE transport_queueitem AS q SET leased_until = %(until)s::timestamptz FROM held WHERE q.id = held.id RETURNING q.id
