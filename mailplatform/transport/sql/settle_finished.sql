-- Messages with nothing left to do: every item done, no report due.
-- explain: {"limit": 10}
SELECT m.id
FROM (
  SELECT DISTINCT d.message_id FROM (
    SELECT message_id FROM transport_queueitem WHERE state = 'done' AND dsn_due = '' ORDER BY message_id LIMIT %(limit)s::bigint * 4
  ) AS d
) AS done
JOIN transport_outboundmessage AS m ON m.id = done.message_id
WHERE NOT EXISTS (
  SELECT 1 FROM transport_queueitem AS q WHERE q.message_id = m.id AND (q.state <> 'done' OR q.dsn_due <> '')
)
ORDER BY m.id
LIMIT %(limit)s::bigint
FOR UPDATE OF m SKIP LOCKED
