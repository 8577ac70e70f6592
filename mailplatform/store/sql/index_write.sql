-- Write search text; a message that is gone meanwhile, or has its text, is passed over.
-- explain: {"messages": [1, 2], "account": 1, "codecs": [1, 1], "texts": [{"hex": "00"}, {"hex": "00"}]}
INSERT INTO store_searchtext (message_id, account_id, codec, text)
SELECT n.id, %(account)s, n.codec, n.text
FROM unnest(%(messages)s::bigint[], %(codecs)s::smallint[], %(texts)s::bytea[]) AS n (id, codec, text)
JOIN store_message AS m ON m.id = n.id
ORDER BY n.id
FOR KEY SHARE OF m
ON CONFLICT (message_id) DO NOTHING
