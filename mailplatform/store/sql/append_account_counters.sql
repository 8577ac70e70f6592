-- The counters of accounts that were placed into. Emails, threads and the counts of folders changed with the last number.
-- explain: {"ids": [1], "modseqs": [2], "bytes": [1], "messages": [1], "keywords": [1]}
UPDATE store_accountstate AS s
SET modseq = n.modseq, bytes = n.bytes, messages = n.messages, next_keyword = n.next_keyword,
    last_email = n.modseq, last_thread = n.modseq, last_folder = n.modseq
FROM unnest(%(ids)s::bigint[], %(modseqs)s::bigint[], %(bytes)s::bigint[], %(messages)s::bigint[], %(keywords)s::integer[])
     AS n (account_id, modseq, bytes, messages, next_keyword)
WHERE s.account_id = n.account_id
