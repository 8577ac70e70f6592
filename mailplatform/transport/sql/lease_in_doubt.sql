-- From here on the peer may have the message without our knowing it; the lease holds for as long as its answer may take.
-- explain: {"ids": [1], "tokens": ["8c5d9a10-0000-4000-8000-000000000000"], "until": null}
WITH held AS (
  SELECT q.id
  FROM unnest(%(ids)s::bigint[], %(tokens)s::uuid[]) AS t (id, token)
  JOIN transport_queueitem AS q ON q.id = t.id AND q.lease_token = t.token AND q.state = 'leased'
  ORDER BY q.id
  FOR UPDATE OF q
)
UPDATE transport_queueitem AS q
SET in_doubt = true, leased_until = greatest(q.leased_until, %(until)s::timestamptz)
FROM held WHERE q.id = held.id
RETURNING q.id
