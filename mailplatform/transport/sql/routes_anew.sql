-- What waits for the outside finds its best route again, after the routes have changed.
-- explain: {}
-- scans: transport_outboundmessage: the same as of items
-- scans: transport_queueitem: a person changed the routes, which is rare, and every waiting item is concerned
-- scans: transport_route: routes are few
UPDATE transport_queueitem AS q
SET destination = coalesce(nullif(best.host, ''), best.domain), route_id = CASE WHEN best.host <> '' THEN best.id END
FROM (
  SELECT i.id AS item_id, i.domain, r.id, r.host
  FROM (
    SELECT w.id, lower(substring(w.forward_path FROM '@([^@]*)$')) AS domain,
           lower(coalesce(substring(m.reverse_path FROM '@([^@]*)$'), '')) AS sender
    FROM transport_queueitem AS w JOIN transport_outboundmessage AS m ON m.id = w.message_id
    WHERE w.transport = 'smtp' AND w.state IN ('ready', 'deferred', 'held')
    ORDER BY w.id FOR UPDATE OF w
  ) AS i
  LEFT JOIN LATERAL (
    SELECT t.id, t.host FROM transport_route AS t
    WHERE t.recipient_domain IN (i.domain, '') AND t.sender_domain IN (i.sender, '')
    ORDER BY t.recipient_domain <> '' DESC, t.sender_domain <> '' DESC
    LIMIT 1
  ) AS r ON true
) AS best
WHERE q.id = best.item_id
