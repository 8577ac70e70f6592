-- Entries of a folder whose FROM contains a casemapped needle. A text that is not plain ASCII, or has uneven white space, comes
-- back to be compared by the caller: only for the others does upper() equal i;unicode-casemap (RFC 5051).
-- explain: {"folder": 1, "uids": [1, 2], "needle": "ANNA"}
SELECT e.uid, CASE WHEN octet_length(m.from_text) = length(m.from_text) AND strpos(m.from_text, '  ') = 0 AND strpos(m.from_text, E'\t') = 0
                   THEN NULL ELSE m.from_text END
FROM store_entry AS e
JOIN store_message AS m ON m.id = e.message_id
WHERE e.folder_id = %(folder)s AND (%(uids)s::bigint[] IS NULL OR e.uid = ANY(%(uids)s::bigint[]))
  AND m.from_text <> ''
  AND (octet_length(m.from_text) <> length(m.from_text) OR strpos(upper(m.from_text COLLATE "C"), %(needle)s) > 0
       OR strpos(m.from_text, '  ') > 0 OR strpos(m.from_text, E'\t') > 0)
