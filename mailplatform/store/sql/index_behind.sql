-- Accounts in which something happened since their search text was last written, with how far it was.
-- scans: store_accountstate: asked every other second of a few thousand short rows; an index on modseq would make each delivery dearer
-- scans: store_indexed: as many rows as accounts
-- explain: {"workers": 1, "number": 0, "limit": 100}
SELECT s.account_id, coalesce(i.modseq, 0), s.modseq
FROM store_accountstate AS s
LEFT JOIN store_indexed AS i ON i.account_id = s.account_id
WHERE s.modseq > coalesce(i.modseq, 0) AND s.account_id %% %(workers)s::integer = %(number)s::integer
LIMIT %(limit)s
