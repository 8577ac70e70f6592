-- All uids of a folder, ascending, as big-endian 8-byte numbers.
-- explain: {"folder": 1}
SELECT string_agg(int8send(o.uid), '')
FROM (SELECT e.uid FROM store_entry AS e WHERE e.folder_id = %(folder)s ORDER BY e.uid) AS o
