-- One flag change of entries: flags become (flags and not clear) or set, keywords likewise; rows that stay the same are
-- not touched. Changed rows are numbered from `base` on, ascending by uid.
-- The uids stand in both places: without them the planner would join by scanning the folder for every slice of a bulk change.
-- explain: {"folder": 1, "uids": [1, 2, 3], "clear": 0, "set": 1, "replace": false, "add": [], "remove": [], "base": 7}
WITH asked AS (
    SELECT e.uid, e.flags, e.keywords,
           (e.flags & ~%(clear)s::smallint) | %(set)s::smallint AS new_flags,
           CASE WHEN %(replace)s::boolean THEN %(add)s::integer[]
                WHEN cardinality(%(add)s::integer[]) + cardinality(%(remove)s::integer[]) = 0 THEN e.keywords
                ELSE ARRAY(SELECT DISTINCT k FROM unnest(e.keywords || %(add)s::integer[]) AS k
                           WHERE k <> ALL (%(remove)s::integer[]) ORDER BY k)
           END AS new_keywords
    FROM store_entry AS e
    WHERE e.folder_id = %(folder)s AND e.uid = ANY(%(uids)s::bigint[])
), altered AS (
    SELECT uid, flags, new_flags, new_keywords, row_number() OVER (ORDER BY uid) AS number
    FROM asked
    WHERE flags <> new_flags OR keywords <> new_keywords
)
UPDATE store_entry AS e
SET flags = a.new_flags, keywords = a.new_keywords, modseq = %(base)s::bigint + a.number - 1
FROM altered AS a
WHERE e.folder_id = %(folder)s AND e.uid = ANY(%(uids)s::bigint[]) AND e.uid = a.uid
RETURNING e.uid, e.message_id, e.flags, e.keywords, e.modseq, extract(epoch FROM date_trunc('second', e.internal_date))::bigint,
          e.size, e.created_modseq, a.flags
