-- What attempts said, where the lease is still its holder's. The token stays, so that saying it twice is told from saying it late.
-- explain: {"ids": [1], "tokens": ["8c5d9a10-0000-4000-8000-000000000000"], "states": ["done"], "replies": ["250 ok"], "statuses": ["2.0.0"], "mxs": ["mx.b.test"], "dues": [null], "reports": [""], "doubts": [false], "now": "2026-11-24T12:00:00Z"}
WITH said AS (
  SELECT q.id, t.state, t.reply, t.status, t.mx, t.due_at, t.report, t.doubt
  FROM unnest(%(ids)s::bigint[], %(tokens)s::uuid[], %(states)s::text[], %(replies)s::text[], %(statuses)s::text[], %(mxs)s::text[],
              %(dues)s::timestamptz[], %(reports)s::text[], %(doubts)s::boolean[])
       AS t (id, token, state, reply, status, mx, due_at, report, doubt)
  JOIN transport_queueitem AS q ON q.id = t.id AND q.lease_token = t.token AND q.state = 'leased'
  ORDER BY q.id
  FOR UPDATE OF q
)
UPDATE transport_queueitem AS q
SET state = CASE WHEN said.state = 'deferred' AND said.due_at <= %(now)s::timestamptz THEN 'ready' ELSE said.state END,
    last_reply = said.reply, last_status = said.status, last_mx = said.mx, last_at = %(now)s::timestamptz,
    due_at = coalesce(said.due_at, q.due_at), in_doubt = said.doubt, leased_until = NULL,
    warn_at = CASE WHEN said.state = 'done' THEN NULL ELSE q.warn_at END,
    expires_at = CASE WHEN said.state = 'done' THEN NULL ELSE q.expires_at END,
    dsn_due = CASE WHEN said.report <> '' THEN said.report WHEN said.state = 'done' THEN '' ELSE q.dsn_due END
FROM said WHERE q.id = said.id
RETURNING q.id
