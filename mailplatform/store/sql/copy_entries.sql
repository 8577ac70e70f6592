-- Copy entries into a folder of the same account: new uids from `uidnext` and modseqs from `base` on, ascending by old uid.
-- explain: {"folder": 1, "target": 2, "uids": [1, 2], "uidnext": 9, "base": 7, "now": "2026-01-01T00:00:00+00:00"}
WITH source AS MATERIALIZED (
    SELECT e.*, row_number() OVER (ORDER BY e.uid) - 1 AS number
    FROM store_entry AS e
    WHERE e.folder_id = %(folder)s AND e.uid = ANY(%(uids)s::bigint[])
), copied AS (
    INSERT INTO store_entry (folder_id, uid, account_id, message_id, thread_id, flags, keywords, modseq, created_modseq,
                             internal_date, save_date, sent_at, size)
    SELECT %(target)s, %(uidnext)s::bigint + s.number, s.account_id, s.message_id, s.thread_id, s.flags, s.keywords,
           %(base)s::bigint + s.number, %(base)s::bigint + s.number, s.internal_date, %(now)s::timestamptz, s.sent_at, s.size
    FROM source AS s
    ORDER BY s.number
)
SELECT s.uid, s.message_id, s.flags, s.size FROM source AS s ORDER BY s.number
