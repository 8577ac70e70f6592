-- Take entries out of their folder and keep them as expunged, numbered from `base` on by uid, in one statement.
-- explain: {"folder": 1, "uids": [1, 2], "only": 8, "base": 7, "now": "2026-01-01T00:00:00+00:00", "reason": "expunged", "user_id": 1, "user_name": "a", "client": "imap"}
WITH gone AS (
    DELETE FROM store_entry AS e
    WHERE e.folder_id = %(folder)s AND e.uid = ANY(%(uids)s::bigint[]) AND e.flags & %(only)s::smallint = %(only)s::smallint
    RETURNING e.*
)
INSERT INTO store_expunged (folder_id, uid, account_id, message_id, thread_id, flags, keywords, modseq, created_modseq,
                            internal_date, save_date, sent_at, size, expunged_at, reason, user_id, user_name, client)
SELECT g.folder_id, g.uid, g.account_id, g.message_id, g.thread_id, g.flags, g.keywords,
       %(base)s::bigint + row_number() OVER (ORDER BY g.uid) - 1, g.created_modseq,
       g.internal_date, g.save_date, g.sent_at, g.size, %(now)s::timestamptz, %(reason)s, %(user_id)s::bigint, %(user_name)s, %(client)s
FROM gone AS g
ORDER BY g.uid
RETURNING uid, message_id, flags, size
