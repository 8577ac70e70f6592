-- Uids of entries whose \Seen another viewer changed above a modseq, and of entries changed above it.
-- explain: {"folder": 1, "viewer": 2, "modseq": 5}
SELECT s.uid FROM store_seen AS s WHERE s.folder_id = %(folder)s AND s.viewer_id = %(viewer)s AND s.modseq > %(modseq)s
UNION
SELECT e.uid FROM store_entry AS e WHERE e.folder_id = %(folder)s AND e.modseq > %(modseq)s
