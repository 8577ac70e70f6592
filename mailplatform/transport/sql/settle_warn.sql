-- Items that wait so long that their senders are told; once.
-- explain: {"now": "2026-11-24T12:00:00Z", "limit": 100}
WITH late AS (
  SELECT id, message_id FROM transport_queueitem WHERE warn_at <= %(now)s::timestamptz AND state IN ('ready', 'deferred')
  ORDER BY warn_at LIMIT %(limit)s::bigint FOR UPDATE SKIP LOCKED
)
UPDATE transport_queueitem AS q
SET warn_at = NULL,
    dsn_due = CASE WHEN q.dsn_due = '' AND m.reverse_path <> '' AND (q.notify = '' OR q.notify ILIKE '%%DELAY%%')
                   THEN 'delayed' ELSE q.dsn_due END
FROM late JOIN transport_outboundmessage AS m ON m.id = late.message_id
WHERE q.id = late.id
RETURNING q.dsn_due
