-- Items of agents that died are ready again; a new claim gives them a new token. Those whose final dot may have been sent are
-- named, so that the trace can say so.
-- explain: {"now": "2026-11-24T12:00:00Z"}
WITH late AS (
  SELECT id FROM transport_queueitem WHERE state = 'leased' AND leased_until < %(now)s::timestamptz
  ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED
), given AS (
  UPDATE transport_queueitem AS q SET state = 'ready', lease_token = NULL, leased_until = NULL FROM late WHERE q.id = late.id
  RETURNING q.id, q.message_id, q.forward_path, q.destination, q.in_doubt
)
SELECT m.trace_id, g.forward_path, g.destination, g.in_doubt
FROM given AS g JOIN transport_outboundmessage AS m ON m.id = g.message_id
