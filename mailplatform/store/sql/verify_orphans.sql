-- Messages of an account that neither an entry nor an expunged row names, and references to threads that are not its own.
-- explain: {"account": 1, "limit": 100}
(SELECT 'message', m.id
 FROM store_message AS m
 WHERE m.account_id = %(account)s
   AND (SELECT e.uid FROM store_entry AS e WHERE e.message_id = m.id LIMIT 1) IS NULL
   AND (SELECT x.uid FROM store_expunged AS x WHERE x.message_id = m.id LIMIT 1) IS NULL
 LIMIT %(limit)s)
UNION ALL
(SELECT 'thread', r.thread_id
 FROM store_threadref AS r
 LEFT JOIN store_thread AS t ON t.id = r.thread_id AND t.account_id = r.account_id
 WHERE r.account_id = %(account)s AND t.id IS NULL
 LIMIT %(limit)s)
