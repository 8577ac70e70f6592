-- Take ready items of a transport, oldest first, past those that another agent is taking.
-- explain: {"transport": "local", "limit": 10, "now": "2026-11-24T12:00:00Z", "token": "8c5d9a10-0000-4000-8000-000000000000", "until": "2026-11-24T12:15:00Z"}
WITH picked AS (
  SELECT id FROM transport_queueitem
  WHERE transport = %(transport)s::text AND state = 'ready' AND due_at <= %(now)s::timestamptz
  ORDER BY due_at, id
  LIMIT %(limit)s::bigint
  FOR UPDATE SKIP LOCKED
), leased AS (
  UPDATE transport_queueitem AS q
  SET state = 'leased', lease_token = %(token)s::uuid, leased_until = %(until)s::timestamptz, attempts = attempts + 1
  FROM picked WHERE q.id = picked.id
  RETURNING q.*
)
SELECT l.id, l.message_id, l.transport, l.destination, l.forward_path, l.account_id, l.orcpt, l.notify, l.attempts, l.in_doubt,
       l.lease_token, l.leased_until, l.expires_at, m.blob_id, m.prefix, m.trace_id, m.reverse_path, m.submitter, m.smtputf8,
       m.size, m.ret, m.envid
FROM leased AS l JOIN transport_outboundmessage AS m ON m.id = l.message_id
ORDER BY l.message_id, l.id
