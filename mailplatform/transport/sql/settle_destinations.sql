-- What connections said of destinations, one row each. A failure counts once a probe, however many attempts felt it.
-- explain: {"transport": "smtp", "names": ["b.test"], "failed": [true], "replies": ["timed out"], "nexts": ["2026-11-24T12:15:00Z"], "now": "2026-11-24T12:00:00Z"}
INSERT INTO transport_destination AS d (transport, name, failures, next_try, concurrency, proven_at, last_reply)
SELECT %(transport)s::text, t.name, CASE WHEN t.failed THEN 1 ELSE 0 END, CASE WHEN t.failed THEN t.next_try END, 0,
       CASE WHEN NOT t.failed THEN %(now)s::timestamptz END, t.reply
FROM unnest(%(names)s::text[], %(failed)s::boolean[], %(replies)s::text[], %(nexts)s::timestamptz[]) AS t (name, failed, reply, next_try)
ORDER BY t.name
ON CONFLICT (transport, name) DO UPDATE
SET failures = CASE WHEN excluded.failures = 0 THEN 0 WHEN d.next_try > %(now)s::timestamptz THEN d.failures ELSE d.failures + 1 END,
    next_try = CASE WHEN excluded.failures > 0 AND d.next_try > %(now)s::timestamptz THEN d.next_try ELSE excluded.next_try END,
    proven_at = coalesce(excluded.proven_at, d.proven_at),
    last_reply = excluded.last_reply
