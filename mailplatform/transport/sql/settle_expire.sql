-- Items whose time is over, and what was said of them, or of their destination, last.
-- explain: {"now": "2026-11-24T12:00:00Z", "limit": 100}
WITH late AS (
  SELECT id, message_id FROM transport_queueitem WHERE expires_at <= %(now)s::timestamptz AND state IN ('ready', 'deferred')
  ORDER BY expires_at LIMIT %(limit)s::bigint FOR UPDATE SKIP LOCKED
)
UPDATE transport_queueitem AS q
SET state = 'done', warn_at = NULL, expires_at = NULL, lease_token = NULL,
    last_reply = coalesce(nullif(q.last_reply, ''), (
      SELECT d.last_reply FROM transport_destination AS d WHERE d.transport = q.transport AND d.name = q.destination), ''),
    last_status = CASE WHEN q.last_status LIKE '4.%%' THEN q.last_status ELSE '4.4.7' END,
    dsn_due = CASE WHEN m.reverse_path <> '' AND (q.notify = '' OR q.notify ILIKE '%%FAILURE%%') THEN 'failed' ELSE '' END
FROM late JOIN transport_outboundmessage AS m ON m.id = late.message_id
WHERE q.id = late.id
RETURNING q.id, m.trace_id, q.forward_path, q.destination, q.last_mx, q.last_reply, q.attempts
