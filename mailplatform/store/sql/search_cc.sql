-- Entries of a folder whose CC contains a casemapped needle. A text that is not plain ASCII, or has uneven white space, comes
-- back to be compared by the caller: only for the others does upper() equal i;unicode-casemap (RFC 5051).
-- explain: {"folder": 1, "uids": [1, 2], "needle": "ANNA"}
SELECT e.uid, CASE WHEN octet_length(m.cc_text) = length(m.cc_text) AND strpos(m.cc_text, '  ') = 0 AND strpos(m.cc_text, E'\t') = 0
                   THEN NULL ELSE m.cc_text END
FROM store_entry AS e
JOIN store_message AS m ON m.id = e.message_id
WHERE e.folder_id = %(folder)s AND (%(uids)s::bigint[] IS NULL OR e.uid = ANY(%(uids)s::bigint[]))
  AND m.cc_text <> ''
  AND (octet_length(m.cc_text) <> length(m.cc_text) OR strpos(upper(m.cc_text COLLATE "C"), %(needle)s) > 0
       OR strpos(m.cc_text, '  ') > 0 OR strpos(m.cc_text, E'\t') > 0)
