-- From here on the peer may have the message without our knowing it. A lease that is young enough stays as it is, since its holder's
-- heartbeat keeps it, and a row whose indexed columns stay needs no new index entries.
-- explain: {"ids": [1], "tokens": ["8c5d9a10-0000-4000-8000-000000000000"], "until": null, "young": null}
WITH held AS (
  SELECT q.id
  FROM unnest(%(ids)s::bigint[], %(tokens)s::uuid[]) AS t (id, token)
  JOIN transport_queueitem AS q ON q.id = t.id AND q.lease_token = t.token AND q.state = 'leased'
  ORDER BY q.id
  FOR UPDATE OF q
)
UPDATE transport_queueitem AS q
SET in_doubt = true,
    leased_until = CASE WHEN q.leased_until > %(young)s::timestamptz THEN q.leased_until
                        ELSE greatest(q.leased_until, %(until)s::timestamptz) END
FROM held WHERE q.id = held.id
RETURNING q.id
