-- What stands in Sent already under the Message-IDs of arrivals there, as far as it came lately, and whether we put it there.
-- explain: {"accounts": [1, 2], "message_ids": ["<1@a.test>", "<2@a.test>"], "since": "2026-11-24T12:00:00Z"}
SELECT m.account_id, m.message_id, e.folder_id, e.uid, e.flags, e.size, c.message_id IS NOT NULL
FROM unnest(%(accounts)s::bigint[], %(message_ids)s::text[]) AS q (account_id, message_id)
JOIN store_message AS m ON m.account_id = q.account_id AND m.message_id = q.message_id AND m.message_id <> ''
JOIN store_entry AS e ON e.message_id = m.id AND e.save_date > %(since)s::timestamptz
JOIN store_folder AS f ON f.id = e.folder_id AND f.special_use = 'sent'
LEFT JOIN store_autocopy AS c ON c.message_id = m.id
