-- The next messages of an account that came above a modseq, in the order they came, and whether they have search text.
-- explain: {"account": 1, "modseq": 5, "upto": 1000, "limit": 200}
SELECT m.id, m.created_modseq, m.prefix, m.blob_id, b.size, t.message_id IS NOT NULL
FROM store_message AS m
JOIN store_blob AS b ON b.id = m.blob_id
LEFT JOIN store_searchtext AS t ON t.message_id = m.id
WHERE m.account_id = %(account)s AND m.created_modseq > %(modseq)s AND m.created_modseq <= %(upto)s
ORDER BY m.created_modseq
LIMIT %(limit)s
