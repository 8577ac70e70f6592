-- The counters of folders that were placed into, as they stand now.
-- explain: {"ids": [1], "uidnexts": [2], "modseqs": [2], "messages": [1], "unseens": [1], "deleteds": [0], "sizes": [1]}
UPDATE store_folder AS f
SET uidnext = n.uidnext, highestmodseq = n.modseq, messages = n.messages, unseen = n.unseen, deleted = n.deleted, size = n.size
FROM unnest(%(ids)s::bigint[], %(uidnexts)s::bigint[], %(modseqs)s::bigint[], %(messages)s::bigint[], %(unseens)s::bigint[],
            %(deleteds)s::bigint[], %(sizes)s::bigint[])
     AS n (id, uidnext, modseq, messages, unseen, deleted, size)
WHERE f.id = n.id
