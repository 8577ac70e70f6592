-- Modseqs that two entries of an account's folders share, and keyword numbers that no keyword has.
-- explain: {"folders": [1, 2], "account": 1, "limit": 100}
(SELECT 'modseq', e.modseq
 FROM store_entry AS e WHERE e.folder_id = ANY(%(folders)s::bigint[])
 GROUP BY e.modseq HAVING count(*) > 1 LIMIT %(limit)s)
UNION ALL
(SELECT DISTINCT 'keyword', k.number::bigint
 FROM store_entry AS e CROSS JOIN LATERAL unnest(e.keywords) AS k (number)
 WHERE e.folder_id = ANY(%(folders)s::bigint[])
   AND NOT EXISTS (SELECT FROM store_keyword AS w WHERE w.account_id = %(account)s AND w.number = k.number)
 LIMIT %(limit)s)
