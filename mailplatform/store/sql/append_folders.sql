-- The live folders that a batch may place into: by special use, and by id.
-- explain: {"accounts": [1, 2], "uses": ["inbox"], "folders": [1]}
SELECT id, account_id, name, special_use, uidvalidity, uidnext, highestmodseq, messages, unseen, deleted, size
FROM store_folder
WHERE account_id = ANY(%(accounts)s::bigint[]) AND special_use = ANY(%(uses)s::text[]) AND special_use <> '' AND deleted_at IS NULL
UNION
SELECT id, account_id, name, special_use, uidvalidity, uidnext, highestmodseq, messages, unseen, deleted, size
FROM store_folder
WHERE id = ANY(%(folders)s::bigint[]) AND deleted_at IS NULL
