-- Items that their holder gives back untouched; the attempt does not count.
-- explain: {"ids": [1], "tokens": ["8c5d9a10-0000-4000-8000-000000000000"]}
WITH held AS (
  SELECT q.id
  FROM unnest(%(ids)s::bigint[], %(tokens)s::uuid[]) AS t (id, token)
  JOIN transport_queueitem AS q ON q.id = t.id AND q.lease_token = t.token AND q.state = 'leased' AND NOT q.in_doubt
  ORDER BY q.id
  FOR UPDATE OF q
)
UPDATE transport_queueitem AS q
SET state = 'ready', lease_token = NULL, leased_until = NULL, attempts = greatest(q.attempts - 1, 0)
FROM held WHERE q.id = held.id
