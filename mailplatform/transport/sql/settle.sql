-- What attempts said, where the lease is still its holder's.
-- explain: {"ids": [1], "tokens": ["8c5d9a10-0000-4000-8000-000000000000"], "states": ["done"], "replies": ["250 ok"], "dues": [null], "reports": [""]}
WITH said AS (
  SELECT q.id, t.state, t.reply, t.due_at, t.report
  FROM unnest(%(ids)s::bigint[], %(tokens)s::uuid[], %(states)s::text[], %(replies)s::text[], %(dues)s::timestamptz[], %(reports)s::text[])
       AS t (id, token, state, reply, due_at, report)
  JOIN transport_queueitem AS q ON q.id = t.id AND q.lease_token = t.token AND q.state = 'leased'
  ORDER BY q.id
  FOR UPDATE OF q
)
UPDATE transport_queueitem AS q
SET state = said.state, last_reply = said.reply, due_at = coalesce(said.due_at, q.due_at), in_doubt = false,
    dsn_due = CASE WHEN said.report = '' THEN q.dsn_due ELSE said.report END, lease_token = NULL, leased_until = NULL
FROM said WHERE q.id = said.id
RETURNING q.id
