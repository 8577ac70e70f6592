-- Messages with nothing left to do: every item done, no report due.
-- explain: {"limit": 10}
-- scans: transport_outboundmessage: a slow tick over what waits; what is finished is deleted, so the table stays short
-- scans: transport_queueitem: the same
SELECT m.id
FROM transport_outboundmessage AS m
WHERE NOT EXISTS (
  SELECT 1 FROM transport_queueitem AS q WHERE q.message_id = m.id AND (q.state <> 'done' OR q.dsn_due <> '')
)
ORDER BY m.id
LIMIT %(limit)s::bigint
FOR UPDATE OF m SKIP LOCKED
