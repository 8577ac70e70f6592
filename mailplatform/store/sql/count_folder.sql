-- Move a folder's counters by what its entries changed, and show the last modseq it holds.
-- explain: {"folder": 1, "added": 0, "messages": 0, "unseen": -1, "deleted": 0, "size": 0, "highestmodseq": 7}
UPDATE store_folder
SET uidnext = uidnext + %(added)s::bigint,
    messages = messages + %(messages)s::bigint,
    unseen = unseen + %(unseen)s::bigint,
    deleted = deleted + %(deleted)s::bigint,
    size = size + %(size)s::bigint,
    highestmodseq = %(highestmodseq)s
WHERE id = %(folder)s
RETURNING highestmodseq
