-- Items of agents that died are ready again; a new claim gives them a new token.
-- explain: {"now": "2026-11-24T12:00:00Z"}
WITH late AS (
  SELECT id FROM transport_queueitem WHERE state = 'leased' AND leased_until < %(now)s::timestamptz
  ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED
)
UPDATE transport_queueitem AS q SET state = 'ready', lease_token = NULL, leased_until = NULL FROM late WHERE q.id = late.id
