-- Items with a report due, message by message, behind an item's number.
-- explain: {"after": 0, "limit": 100}
SELECT q.id, q.dsn_due, q.forward_path, q.orcpt, q.last_reply, q.last_status, q.last_mx, q.last_at, q.expires_at, q.attempts,
       m.id, m.trace_id, m.reverse_path, m.prefix, m.blob_id, m.size, m.ret, m.envid, m.smtputf8, m.created_at
FROM (
  SELECT * FROM transport_queueitem WHERE dsn_due <> '' AND id > %(after)s::bigint ORDER BY id LIMIT %(limit)s::bigint
) AS q
JOIN transport_outboundmessage AS m ON m.id = q.message_id
ORDER BY q.message_id, q.id
