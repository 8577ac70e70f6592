-- Entries of a folder whose SUBJECT contains a casemapped needle. A text that is not plain ASCII, or has uneven white space, comes
-- back to be compared by the caller: only for the others does upper() equal i;unicode-casemap (RFC 5051).
-- explain: {"folder": 1, "uids": [1, 2], "needle": "ANNA"}
SELECT e.uid, CASE WHEN octet_length(m.subject) = length(m.subject) AND strpos(m.subject, '  ') = 0 AND strpos(m.subject, E'\t') = 0
                   THEN NULL ELSE m.subject END
FROM store_entry AS e
JOIN store_message AS m ON m.id = e.message_id
WHERE e.folder_id = %(folder)s AND (%(uids)s::bigint[] IS NULL OR e.uid = ANY(%(uids)s::bigint[]))
  AND m.subject <> ''
  AND (octet_length(m.subject) <> length(m.subject) OR strpos(upper(m.subject COLLATE "C"), %(needle)s) > 0
       OR strpos(m.subject, '  ') > 0 OR strpos(m.subject, E'\t') > 0)
