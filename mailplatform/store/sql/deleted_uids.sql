-- Uids of a folder from one on whose entries carry all bits of `only` (8: \Deleted; 0: every entry).
-- explain: {"folder": 1, "after": 0, "only": 8, "limit": 2000}
SELECT e.uid
FROM store_entry AS e
WHERE e.folder_id = %(folder)s AND e.uid > %(after)s AND e.flags & %(only)s::smallint = %(only)s::smallint
ORDER BY e.uid
LIMIT %(limit)s
