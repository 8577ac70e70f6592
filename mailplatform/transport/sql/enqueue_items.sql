-- One item a recipient: ready, waiting for its time, or done with a report due. The best route to outside is chosen here: the
-- recipient's domain counts more than the sender's.
-- explain: {"ids": [1], "messages": [1], "transports": ["local"], "destinations": ["u1@a.test"], "forward_paths": ["u1@a.test"], "accounts": [1], "orcpts": [""], "notifies": [""], "dues": ["2026-11-24T12:00:00Z"], "expires": [null], "warns": [null], "senders": ["a.test"], "reports": [""], "statuses": [""], "replies": [""], "now": "2026-11-24T12:00:00Z"}
-- scans: transport_route: routes are few, and most houses have none
INSERT INTO transport_queueitem (id, message_id, transport, destination, forward_path, account_id, orcpt, notify, state, due_at,
                                 expires_at, warn_at, route_id, dsn_due, attempts, in_doubt, last_status, last_reply)
SELECT i.id, i.message_id, i.transport, coalesce(nullif(r.host, ''), i.destination), i.forward_path, i.account_id, i.orcpt, i.notify,
       CASE WHEN i.report <> '' THEN 'done' WHEN i.due_at > %(now)s::timestamptz THEN 'deferred' ELSE 'ready' END,
       i.due_at, CASE WHEN i.report = '' THEN i.expires_at END, CASE WHEN i.report = '' THEN i.warn_at END,
       CASE WHEN r.host <> '' THEN r.id END, i.report, 0, false, i.status, i.reply
FROM unnest(%(ids)s::bigint[], %(messages)s::bigint[], %(transports)s::text[], %(destinations)s::text[], %(forward_paths)s::text[],
            %(accounts)s::bigint[], %(orcpts)s::text[], %(notifies)s::text[], %(dues)s::timestamptz[], %(expires)s::timestamptz[],
            %(warns)s::timestamptz[], %(senders)s::text[], %(reports)s::text[],
            %(statuses)s::text[], %(replies)s::text[])
     AS i (id, message_id, transport, destination, forward_path, account_id, orcpt, notify, due_at, expires_at, warn_at, sender, report,
           status, reply)
LEFT JOIN LATERAL (
  SELECT t.id, t.host FROM transport_route AS t
  WHERE i.transport = 'smtp' AND t.recipient_domain IN (i.destination, '') AND t.sender_domain IN (i.sender, '')
  ORDER BY t.recipient_domain <> '' DESC, t.sender_domain <> '' DESC
  LIMIT 1
) AS r ON true
