-- When the messages of a folder were sent; with the beginning of ENVELOPE, where the Date field stands, for moments between
-- start and end, whose day depends on the zone of the field.
-- explain: {"folder": 1, "uids": [1, 2], "start": "2026-01-01T00:00:00+00:00", "end": "2026-01-04T00:00:00+00:00"}
SELECT e.uid, e.sent_at,
       CASE WHEN e.sent_at >= %(start)s::timestamptz AND e.sent_at < %(end)s::timestamptz
            THEN (SELECT substring(m.envelope FROM 1 FOR 100) FROM store_message AS m WHERE m.id = e.message_id) END
FROM store_entry AS e
WHERE e.folder_id = %(folder)s AND (%(uids)s::bigint[] IS NULL OR e.uid = ANY(%(uids)s::bigint[])) AND e.sent_at IS NOT NULL
