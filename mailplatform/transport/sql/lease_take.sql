-- Take ready items: of each destination its share of the oldest, and with each the other recipients of the same message there,
-- past those that another agent is taking. Every item gets a token of its own.
-- explain: {"transport": "smtp", "destinations": ["b.test"], "counts": [5], "most": 100, "now": "2026-11-24T12:00:00Z", "until": "2026-11-24T12:15:00Z"}
WITH share AS (
  SELECT * FROM unnest(%(destinations)s::text[], %(counts)s::integer[]) AS s (destination, number)
), first AS MATERIALIZED (
  SELECT f.id, f.message_id, s.destination FROM share AS s
  CROSS JOIN LATERAL (
    SELECT q.id, q.message_id FROM transport_queueitem AS q
    WHERE q.transport = %(transport)s::text AND q.state = 'ready' AND q.destination = s.destination
      AND q.due_at <= %(now)s::timestamptz
    ORDER BY q.due_at, q.id
    LIMIT s.number
    FOR UPDATE SKIP LOCKED
  ) AS f
), beside AS MATERIALIZED (
  SELECT b.id FROM (SELECT DISTINCT message_id, destination FROM first) AS m
  CROSS JOIN LATERAL (
    SELECT q.id FROM transport_queueitem AS q
    WHERE q.message_id = m.message_id AND q.transport = %(transport)s::text AND q.state = 'ready'
      AND q.destination = m.destination AND q.due_at <= %(now)s::timestamptz
    ORDER BY q.id
    LIMIT %(most)s::integer
    FOR UPDATE SKIP LOCKED
  ) AS b
), leased AS (
  UPDATE transport_queueitem AS q
  SET state = 'leased', lease_token = gen_random_uuid(), leased_until = %(until)s::timestamptz, attempts = q.attempts + 1
  FROM (SELECT id FROM first UNION SELECT id FROM beside) AS picked
  WHERE q.id = picked.id
  RETURNING q.*
)
SELECT l.id, l.lease_token, l.forward_path, l.orcpt, l.notify, l.attempts, l.in_doubt, l.expires_at, l.account_id,
       m.id, m.trace_id, m.reverse_path, m.prefix, m.blob_id, m.size, m.smtputf8, m.body8bit, m.ret, m.envid, m.submitter, m.created_at,
       l.destination, l.leased_until, l.route_id, r.name, r.host, r.port, r.tls, r.login, r.secret, r.auth_without_tls,
       r.retry_after
FROM leased AS l
JOIN transport_outboundmessage AS m ON m.id = l.message_id
LEFT JOIN transport_route AS r ON r.id = l.route_id
ORDER BY l.destination, l.message_id, l.route_id, l.id
