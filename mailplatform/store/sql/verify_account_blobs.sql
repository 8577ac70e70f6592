-- The blobs of an account's messages, each once.
-- explain: {"account": 1}
SELECT DISTINCT m.blob_id FROM store_message AS m
WHERE m.account_id = %(account)s AND m.blob_id IS NOT NULL
ORDER BY m.blob_id
