-- Settle confirmed items as delivered, in the transaction that delivers.
-- explain: {"ids": [1], "tokens": ["8c5d9a10-0000-4000-8000-000000000000"]}
UPDATE transport_queueitem AS q
SET state = 'done', lease_token = NULL, leased_until = NULL, in_doubt = false, last_reply = ''
FROM unnest(%(ids)s::bigint[], %(tokens)s::uuid[]) AS t (id, token)
WHERE q.id = t.id AND q.lease_token = t.token AND q.state = 'leased'
