-- Of results that were not taken, those that had been written before under the same token.
-- explain: {"ids": [1], "tokens": ["8c5d9a10-0000-4000-8000-000000000000"]}
SELECT q.id
FROM unnest(%(ids)s::bigint[], %(tokens)s::uuid[]) AS t (id, token)
JOIN transport_queueitem AS q ON q.id = t.id AND q.lease_token = t.token AND q.state <> 'leased'
