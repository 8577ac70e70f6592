-- One entry a placement; keyword numbers travel as text, "3,7", because an array of arrays must be a rectangle.
-- explain: {"folders": [1], "uids": [1], "accounts": [1], "messages": [1], "threads": [1], "flags": [0], "keywords": [""], "modseqs": [1], "dates": ["2026-11-24T12:00:00Z"], "sents": [null], "sizes": [1], "now": "2026-11-24T12:00:00Z"}
INSERT INTO store_entry (folder_id, uid, account_id, message_id, thread_id, flags, keywords, modseq, created_modseq, internal_date,
                         save_date, sent_at, size)
SELECT e.folder_id, e.uid, e.account_id, e.message_id, e.thread_id, e.flags, string_to_array(e.keywords, ',')::integer[], e.modseq,
       e.modseq, e.internal_date, %(now)s::timestamptz, e.sent_at, e.size
FROM unnest(%(folders)s::bigint[], %(uids)s::bigint[], %(accounts)s::bigint[], %(messages)s::bigint[], %(threads)s::bigint[],
            %(flags)s::smallint[], %(keywords)s::text[], %(modseqs)s::bigint[], %(dates)s::timestamptz[], %(sents)s::timestamptz[],
            %(sizes)s::bigint[])
     AS e (folder_id, uid, account_id, message_id, thread_id, flags, keywords, modseq, internal_date, sent_at, size)
