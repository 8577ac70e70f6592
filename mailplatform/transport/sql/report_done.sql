-- These reports are made, in the transaction that carries them.
-- explain: {"ids": [1], "reports": ["failed"]}
UPDATE transport_queueitem AS q SET dsn_due = ''
FROM unnest(%(ids)s::bigint[], %(reports)s::text[]) AS t (id, report)
WHERE q.id = t.id AND q.dsn_due = t.report
