-- Lock items in id order, those only whose report is still due.
-- explain: {"ids": [1], "reports": ["failed"]}
SELECT q.id
FROM unnest(%(ids)s::bigint[], %(reports)s::text[]) AS t (id, report)
JOIN transport_queueitem AS q ON q.id = t.id AND q.dsn_due = t.report
ORDER BY q.id
FOR UPDATE OF q
